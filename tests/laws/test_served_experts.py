"""Mixtures of experts under load: each expert does the products of the tokens that its router sends there."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import xbarsim as xs
from tests.language import HIDDEN, WIDTH, prefill, small_chip
from tests.llm_chips import llm_chip
from tests.serve_help import run, stint
from xbarsim.engine.granularity import Granularity
from xbarsim.scenario.arrivals import Constant, Poisson
from xbarsim.scenario.batching import Fixed
from xbarsim.scenario.gates import NO_ROUTER
from xbarsim.scenario.serve_run import ServeRun
from xbarsim.workload.routing import Router, Seeded

EXPERTS, PROMPT, LAYERS = 4, 3, 2
EACH = 2 * WIDTH * HIDDEN  # products of one expert for one token
GROUPS = [f"{layer}.experts" for layer in range(LAYERS)]
NETWORK = prefill(PROMPT, LAYERS, EXPERTS)
Products = Counter[tuple[int, str, int]]  # by network, group, expert


def routed(routers: list[Router], requests: list[int]) -> Products:
    """What the routers ask for, token by token."""
    return Counter(
        {
            (number, group, expert): sum(
                EACH
                for request in range(requests[number])
                for token in range(PROMPT)
                if expert in router.chosen(group, request, token)
            )
            for number, router in enumerate(routers)
            for group in GROUPS
            for expert in range(EXPERTS)
        }
    )


def done(served: ServeRun) -> Products:
    """What the stages of the chip have counted."""
    found: Products = Counter()
    for number, metas in enumerate(served.metas):
        for meta in metas:
            layer, *rest = meta.op.rpartition("/")[2].split(".")
            if rest[:1] == ["experts"]:
                found[number, f"{layer}.experts", int(rest[1])] += meta.macs * meta.jobs
    return found


@pytest.mark.parametrize("granularity", list(Granularity))
def test_products_asked_of_each_expert_are_done(tmp_path: Path, granularity: Granularity) -> None:
    chip = small_chip(tmp_path, "on_chip", 24)
    routers: list[Router] = [
        Seeded(seed, skew).router(NETWORK.experts) for seed, skew in ((1, 0.0), (2, 1.5))
    ]
    stints = [stint(Poisson(2e6), 12, limit=3), stint(Constant(1e6), 9, Fixed(2))]
    served = run(chip, [NETWORK, NETWORK], stints, 5, granularity, routers)
    requests = [books.completed for books in served.books]
    assert min(requests) >= 9
    assert done(served) == routed(routers, requests)


@given(seed=st.integers(0, 99), skew=st.sampled_from([0.0, 1.0, 3.0]), requests=st.integers(1, 20),
       rate_mhz=st.floats(0.1, 20), limit=st.integers(1, 5))  # fmt: skip
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_both_engines_route_alike_whatever_the_load(
    tmp_path: Path, seed: int, skew: float, requests: int, rate_mhz: float, limit: int
) -> None:
    chip = small_chip(tmp_path, "on_chip", 12)
    router = Seeded(seed, skew).router(NETWORK.experts)
    stints = [stint(Poisson(rate_mhz * 1e6), requests, limit=limit)]
    runs = [run(chip, [NETWORK], stints, seed, one, [router]) for one in Granularity]
    assert done(runs[0]) == done(runs[1]) == routed([router], [runs[0].books[0].completed])
    assert runs[0].elapsed_ps == runs[1].elapsed_ps


def test_without_a_router_every_expert_works_and_that_is_said() -> None:
    work = xs.load_workload("moe_small_decode")
    asked = xs.Serve(xs.Constant(1e3), requests=30)
    chosen, dense = (xs.simulate(llm_chip(), one, asked) for one in (work, work.graph))
    assert chosen.networks[0].macs_per_request == work.graph.active_macs < work.graph.macs
    assert dense.networks[0].macs_per_request == work.graph.macs
    assert chosen.networks[0].dynamic_pj < dense.networks[0].dynamic_pj
    assert NO_ROUTER in dense.notes and NO_ROUTER not in chosen.notes
    assert chosen.provenance["router"] == ["seed 1, skew 0.5"]
    assert dense.provenance["router"] == ["none"]


def test_a_request_that_nobody_disturbs_takes_as_long_as_alone() -> None:
    work = xs.load_workload("moe_small_decode")
    alone = xs.simulate(llm_chip(), work, xs.Infer(requests=1))
    served = xs.simulate(llm_chip(), work, xs.Serve(xs.Constant(1e3), requests=1))
    assert served.networks[0].longest_ps == alone.latency.alone_ps


def test_saturation_is_of_the_chosen_experts() -> None:
    work = xs.load_workload("moe_small_decode")
    chosen, dense = (xs.saturation(llm_chip(), one, 60, admission_limit=20) for one in (work, work.graph))
    assert chosen.per_s > 1.05 * dense.per_s
    # What all experts share, the way of the results to the port, leaves a fifth more room at the busiest link.
    assert chosen.bottlenecks[0].bound_per_s > 1.2 * dense.bottlenecks[0].bound_per_s
