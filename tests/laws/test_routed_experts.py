"""Mixtures of experts: a token's work is done where its router sends it, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import xbarsim as xs
from tests.language import HIDDEN, WIDTH, generation, prefill, small_chip
from tests.llm_chips import llm_chip
from xbarsim.engine.granularity import Granularity
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.state_pair import map_generation
from xbarsim.scenario.gates import NO_ROUTER, Gates
from xbarsim.scenario.generate import Generate, generate
from xbarsim.scenario.generate_bench import GenerateBench
from xbarsim.scenario.stages import Task
from xbarsim.workload.generation import Generation
from xbarsim.workload.graph import OpGraph
from xbarsim.workload.routing import Seeded

EXPERTS = 4
EACH = 2 * WIDTH * HIDDEN  # products of one expert for one token


class Sent:
    """A router that sends every token of a request to the same experts."""

    def __init__(self, *by_request: tuple[int, ...]):
        self.by_request = by_request

    def chosen(self, group: str, request: int, token: int) -> tuple[int, ...]:
        return self.by_request[request % len(self.by_request)]


class Told(Sent):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__((0, 1))
        self.asked: set[tuple[str, int, int]] = set()

    def chosen(self, group: str, request: int, token: int) -> tuple[int, ...]:
        self.asked.add((group, request, token))
        return super().chosen(group, request, token)


def bench_of(folder: Path, asked: Generation, at_once: int = 4) -> GenerateBench:
    chip = small_chip(folder, "on_chip", 12)
    pair = map_generation(chip, asked, at_once, at_once)
    return GenerateBench(chip, Floor(chip), pair, asked, Granularity.BURST)


def macs_of(bench: GenerateBench) -> dict[int, int]:
    """Products done by each expert."""
    found = dict.fromkeys(range(EXPERTS), 0)
    for expert, task in _tasks(bench):
        found[expert] += task.meta.macs * task.tally.jobs
    return found


def jobs_of(bench: GenerateBench) -> dict[int, int]:
    """Services for each expert: of its operations, and of what is moved out of it."""
    found = dict.fromkeys(range(EXPERTS), 0)
    for expert, task in _tasks(bench):
        found[expert] += task.tally.jobs
    return found


def _tasks(bench: GenerateBench) -> list[tuple[int, Task]]:
    parts = [(task.meta.op.split("."), task) for task in bench.shop.tasks]
    return [(int(names[2]), task) for names, task in parts if names[1:2] == ["experts"]]


def test_experts_that_are_not_chosen_have_nothing_to_do(tmp_path: Path) -> None:
    bench = bench_of(tmp_path, generation(experts=EXPERTS, router=Sent((1, 3))))
    done = bench.run((0, 0))
    counted = jobs_of(bench)
    assert counted[0] == counted[2] == 0 < min(counted[1], counted[3])
    idle = {f"0.experts.{number}.{part}" for number in (0, 2) for part in ("up", "down")}
    segments = {
        (segment.tile, segment.first_slot)
        for name in idle
        for copy in bench.pair.prefill.copies[name]
        for segment in copy.segments
    }
    for name, station in done.run.shop.stations.items():
        tile, _, array = name.partition(".array[")
        if array and (tile, int(array.split(":")[0])) in segments:
            assert station.jobs == station.busy_ps == 0


def test_work_is_shared_out_as_the_router_says(tmp_path: Path) -> None:
    prompt, tokens = 4, 5
    bench = bench_of(tmp_path, generation(prompt, tokens, experts=EXPERTS, router=Sent((0, 1), (1, 2))))
    bench.run((0, 0, 0))  # requests 0, 1, 2: experts 0 and 1, 1 and 2, 0 and 1
    work = prompt + tokens - 1
    assert macs_of(bench) == {0: 2 * work * EACH, 1: 3 * work * EACH, 2: work * EACH, 3: 0}


def test_the_router_is_asked_for_every_token_of_prompt_and_answer(tmp_path: Path) -> None:
    router = Told()
    bench = bench_of(tmp_path, generation(4, 5, layers=2, experts=EXPERTS, router=router))
    bench.run((0, 0, 0))
    groups = ("0.experts", "1.experts")
    assert router.asked == {(g, r, t) for g in groups for r in range(3) for t in range(4 + 5 - 1)}


def test_what_is_not_chosen_saves_time_and_energy(tmp_path: Path) -> None:
    chip = small_chip(tmp_path, "on_chip", 12)
    asked = generation(experts=EXPERTS)
    chosen = generate(chip, asked, Generate(2))
    dense = generate(chip, replace(asked, router=None), Generate(2))
    assert NO_ROUTER in dense.notes
    assert NO_ROUTER not in chosen.notes
    assert all(law.holds for result in (chosen, dense) for law in result.laws)
    tokens = asked.prompt_tokens + asked.tokens - 1
    assert dense.macs_per_request - chosen.macs_per_request == 2 * tokens * EACH
    assert chosen.energy_pj < dense.energy_pj
    assert chosen.alone.tokens_ps[-1] < dense.alone.tokens_ps[-1]


def test_the_sum_waits_for_the_chosen_ones_only(tmp_path: Path) -> None:
    """A unit in the way of all others' results makes no token later that is not sent there."""
    chip = small_chip(tmp_path, "on_chip", 12)
    asked = generation(4, 4, experts=EXPERTS, router=Sent((0, 1)))

    def slow(graph: OpGraph) -> OpGraph:
        ops = [
            replace(op, element_ops=1000 * op.element_ops) if op.name == "0.experts.3.relu" else op
            for op in graph.ops
        ]
        return replace(graph, ops=tuple(ops))

    slower = replace(asked, prefill=slow(asked.prefill), decode=slow(asked.decode))
    assert generate(chip, slower, Generate(2)).rows == generate(chip, asked, Generate(2)).rows
    sent_there = replace(slower, router=Sent((0, 3)))
    fast_there = replace(asked, router=Sent((0, 3)))
    ends = [generate(chip, one, Generate(2)).alone.tokens_ps[-1] for one in (fast_there, sent_there)]
    assert ends[0] < ends[1]


def test_the_seed_decides_and_nothing_else_does(tmp_path: Path) -> None:
    chip = small_chip(tmp_path, "on_chip", 12)
    asked = generation(experts=EXPERTS)
    groups = asked.prefill.experts
    results = [
        generate(chip, replace(asked, router=Seeded(seed, 1.0).router(groups)), Generate(2))
        for seed in (3, 3, 4)
    ]
    assert results[0] == results[1]
    assert results[0].stations != results[2].stations


def test_a_network_by_itself_uses_its_router(tmp_path: Path) -> None:
    graph = prefill(4, experts=EXPERTS)
    gates = Gates(graph, Sent((1, 3))).of(0)
    assert gates["0.experts.1"] == [True] * 4
    assert gates["0.experts.0"] == [False] * 4


@pytest.mark.parametrize("granularity", list(Granularity))
def test_xbarsim_run_uses_the_router_of_the_workload(granularity: Granularity) -> None:
    work = xs.load_workload("moe_small_decode")
    result = xs.simulate(llm_chip(), work, xs.Infer(requests=2, granularity=granularity))
    assert all(law.holds for law in result.laws)
    macs = next(law for law in result.laws if law.name == "MACs in = MACs done")
    assert f"{2 * work.graph.active_macs:,} asked" in macs.detail
    assert result.macs_per_request == work.graph.active_macs < work.graph.macs
