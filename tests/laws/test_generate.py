"""Language models on the chip: what is read, stored and multiplied follows from the lengths; tokens are never lost,
wherever keys and values are kept and however many requests there are."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import xbarsim as xs
from tests.language import WIDTH, decode, generation, prefill, small_chip, small_tree
from tests.llm_chips import llm_tree
from tests.small_chips import load
from xbarsim.cli import main
from xbarsim.engine.clock import Clock
from xbarsim.engine.flow import Engine
from xbarsim.engine.granularity import Granularity
from xbarsim.engine.stream import Network
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.state import at_context
from xbarsim.mapping.state_pair import map_generation
from xbarsim.report.page import render_page
from xbarsim.scenario.arrivals import Constant, Recorded
from xbarsim.scenario.assemble import assemble
from xbarsim.scenario.generate import Generate, generate
from xbarsim.scenario.generate_bench import GenerateBench
from xbarsim.scenario.stages import Workshop

PLACES = ("on_chip", "off_chip")
BITS = 4  # of an activation
LAWS = {
    "blocks placed once", "tiles within capacity", "weights cut without loss", "MACs in = MACs done",
    "ledger = sum of actions", "busy + blocked + idle = elapsed", "every position delivered once",
    "every token out, in its order", "keys and values read = asked", "keys and values written = asked",
    "latency >= roofline and critical path",
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("prompt", "tokens", "layers", "requests"), [(4, 5, 2, 3), (1, 2, 1, 1), (6, 1, 1, 2)]
)
def test_bits_and_products_follow_from_the_lengths(
    tmp_path: Path, place: str, prompt: int, tokens: int, layers: int, requests: int
) -> None:
    asked = generation(prompt, tokens, layers)
    result = generate(small_chip(tmp_path, place, 16), asked, Generate(requests))
    assert {law.name for law in result.laws} == LAWS
    assert all(law.holds for law in result.laws)
    token = 2 * layers * WIDTH * BITS  # keys and values
    steps = range(prompt, prompt + tokens - 1)
    assert result.kv.token_bits == token
    assert result.kv.read_bits == requests * token * sum(steps)
    assert result.kv.written_bits == requests * token * (prompt + tokens - 1)
    assert result.kv.request_bits == token * (prompt + tokens - 1)
    each = layers * (4 * WIDTH**2) + 0
    products = prompt * each + layers * 2 * WIDTH * prompt**2 + prompt * 16 * WIDTH
    products += sum(each + layers * 2 * WIDTH * (n + 1) + 16 * WIDTH for n in steps)
    assert result.macs_per_request == products


def _alone(chip: Any, program: Any, contexts: tuple[int, ...], variant: int) -> tuple[int, dict[str, int]]:
    """End, and bits by action, of one decode step of a freshly wired program."""
    shop = Workshop(Clock(), Floor(chip))
    network = Network("decode", tuple(assemble(shop, program, contexts)))
    clock = Clock()
    shop.renew(clock)
    flow = Engine(Granularity.BURST, (network,)).open(clock)
    flow.let_in(0, variant)
    flow.run()
    done: dict[str, int] = {}
    for task in shop.tasks:
        for cost in task.meta.costs:
            key = f"{task.meta.op} {cost.component} {cost.action}"
            done[key] = done.get(key, 0) + cost.count * task.tally.jobs
    return clock.now, {key: count for key, count in done.items() if count}


@pytest.mark.parametrize("place", PLACES)
def test_a_step_with_a_longer_context_is_that_of_a_fresh_wiring(tmp_path: Path, place: str) -> None:
    chip, asked = small_chip(tmp_path, place, 12), generation(3, 7, layers=2)
    program = map_generation(chip, asked, 1, 1).decode
    contexts = tuple(asked.contexts)
    ends = []
    for variant, context in enumerate(contexts):
        found = _alone(chip, program, contexts, variant)
        assert found == _alone(chip, at_context(program, context), (), 0)
        ends.append(found[0])
        # Mapped by itself: only the room in the buffers differs, which one step alone never fills.
        fresh = xs.simulate(chip, asked.decode.at_context(context), xs.Infer(requests=1))
        assert fresh.latency.alone_ps == found[0]
    assert all(a < b for a, b in pairwise(ends))


@pytest.mark.parametrize("place", PLACES)
def test_alone_the_first_token_is_the_prompt_and_the_next_ones_are_steps(tmp_path: Path, place: str) -> None:
    chip, asked = small_chip(tmp_path, place, 12), generation(4, 4)
    result = generate(chip, asked, Generate(requests=1))
    times = [xs.simulate(chip, asked.prefill, xs.Infer(requests=1)).latency.alone_ps]
    for context in asked.contexts:
        step = xs.simulate(chip, asked.decode.at_context(context), xs.Infer(requests=1))
        times.append(times[-1] + step.latency.alone_ps)
    assert result.alone.tokens_ps == tuple(times)
    assert result.rows == (result.alone,)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("experts", [0, 3])
def test_both_granularities_give_the_same_result(tmp_path: Path, place: str, experts: int) -> None:
    chip, asked = small_chip(tmp_path, place, 16), generation(3, 4, experts=experts)
    scenario = Generate(requests=4, arrivals=Constant(rate_hz=150_000), at_once=3)
    burst, mvm = (generate(chip, asked, replace(scenario, granularity=g)) for g in Granularity)
    assert replace(mvm, provenance=burst.provenance) == burst


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    place=st.sampled_from(PLACES),
    at_once=st.integers(1, 4),
    tokens=st.integers(1, 4),
    gaps_ns=st.lists(st.integers(0, 20_000), min_size=1, max_size=6),
)
def test_no_token_is_lost_however_requests_come(
    tmp_path: Path, place: str, at_once: int, tokens: int, gaps_ns: list[int]
) -> None:
    arrivals = tuple(1000 * sum(gaps_ns[: n + 1]) for n in range(len(gaps_ns)))
    chip, asked = small_chip(tmp_path, place, 8), generation(3, tokens)
    result = generate(chip, asked, Generate(len(arrivals), Recorded(arrivals), at_once))
    assert all(law.holds for law in result.laws)
    assert [row.arrival_ps for row in result.rows] == list(arrivals)
    assert all(len(row.tokens_ps) == tokens for row in result.rows)
    admitted = [row.admitted_ps for row in result.rows]
    assert admitted == sorted(admitted)  # first come, first served
    for row in result.rows:
        inside = sum(r.admitted_ps <= row.admitted_ps < r.tokens_ps[-1] for r in result.rows)
        assert inside <= at_once
    assert result.kv.peak_bits <= result.kv.request_bits * result.inside


def test_interleaved_requests_give_more_tokens_a_second(tmp_path: Path) -> None:
    chip, asked = small_chip(tmp_path, "on_chip", 12), generation(4, 6, layers=2)
    rates = [generate(chip, asked, Generate(6, at_once=n)).tokens_per_s for n in (1, 2, 6)]
    assert rates[0] < rates[1] < rates[2]
    alone = generate(chip, asked, Generate(6, at_once=1))
    lone = alone.alone.tokens_ps
    assert [tuple(t - row.admitted_ps for t in row.tokens_ps) for row in alone.rows] == [lone] * 6


def test_requests_are_as_many_as_the_memory_keeps(tmp_path: Path) -> None:
    asked = generation(4, 5)
    size = 8 * 2 * WIDTH * BITS  # keys and values of one request at its longest, in bits
    tree = {"capacity": f"{3 * size // 8 + 5} B"}
    described = small_tree("off_chip", 8)
    described["components"]["memory"] |= tree
    result = generate(load(tmp_path, described), asked, Generate(5))
    assert (result.at_once, result.inside) == (3, 3)
    assert result.kv.request_bits == size


def test_keys_and_values_lie_beside_the_unit_that_reads_them(tmp_path: Path) -> None:
    pair = map_generation(small_chip(tmp_path, "on_chip", 8), generation(4, 3), 2, 2)
    steps = pair.decode.by_name
    assert steps["keys.0"].homes == steps["0.scores"].homes
    assert steps["values.0"].homes == steps["0.context"].homes
    for program in (pair.prefill, pair.decode):
        for part in ("keys", "values"):
            assert program.by_name[f"{part}.0.store"].homes == steps[f"{part}.0"].homes
    assert pair.prefill.copies == pair.decode.copies


def test_two_networks_never_promise_the_same_room(tmp_path: Path) -> None:
    """301 bytes are just enough for two requests' keys and values and the least of both networks; in them
    nothing stands still."""
    asked = generation(4, 3)
    with pytest.raises(xs.MappingError, match=r"0\.0009766 KiB missing"):
        map_generation(small_chip(tmp_path, "on_chip", 8, buffer={"capacity": "300 B"}), asked, 2, 2)
    chip = small_chip(tmp_path, "on_chip", 8, buffer={"capacity": "301 B"})
    pair = map_generation(chip, asked, 2, 2)
    kept = {tile: bits * 2 for tile, bits in pair.kept.bits.items()}
    demands = [kept, pair.prefill.buffer_demand_bits, pair.decode.buffer_demand_bits]
    assert max(sum(demand.get(tile, 0) for demand in demands) for tile in kept) == 301 * 8
    bench = GenerateBench(chip, Floor(chip), pair, asked, Granularity.BURST)
    done = bench.run((0, 0, 0))
    assert [len(course.tokens_ps) for course in done.door.courses] == [3, 3, 3]
    assert generate(chip, asked, Generate(3)).at_once == 2


def test_networks_by_themselves_keep_their_state_too(tmp_path: Path) -> None:
    for place in PLACES:
        chip = small_chip(tmp_path, place, 8)
        for graph in (prefill(4), decode(4)):
            result = xs.simulate(chip, graph, xs.Infer(requests=2))
            assert all(law.holds for law in result.laws)


def test_a_neighbour_on_the_chip_leaves_room_for_keys_and_values(tmp_path: Path) -> None:
    chip = small_chip(tmp_path, "on_chip", 8)
    (alone, longer) = (xs.map_network(chip, decode(4).at_context(n)) for n in (4, 9))
    for program in (alone, longer):
        assert program.kept is not None
        assert all(program.buffer_demand_bits[tile] >= bits > 0 for tile, bits in program.kept.bits.items())
    more = sum(longer.kept.bits.values()) - sum(alone.kept.bits.values())
    assert more == 5 * 2 * WIDTH * BITS


def test_a_result_comes_back_as_it_was_saved_and_is_shown_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = generate(small_chip(tmp_path, "off_chip", 8), generation(4, 3, experts=3), Generate(3))
    xs.save_result(result, tmp_path / "run")
    assert xs.load_result(tmp_path / "run") == result
    with pytest.raises(SystemExit) as left:
        main(["show", str(tmp_path / "run")])
    assert left.value.code == 0
    shown = capsys.readouterr().out
    assert "small on Small chip · generate" in shown
    assert "off the chip (memory)" in shown
    assert "BROKEN" not in shown


def test_gpt2_on_a_chip_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "chip.yaml"
    path.write_text(yaml.safe_dump(llm_tree(390, "on_chip", memory=False), sort_keys=False))
    with pytest.raises(SystemExit) as left:
        main(["generate", str(path), "gpt2", "--requests", "1", "--tokens", "5", "--json"])
    assert left.value.code == 0
    result = json.loads(capsys.readouterr().out)["result"]
    assert result["macs_per_request"] == xs.load_generation("gpt2", tokens=5).macs
    assert len(result["rows"][0]["tokens_ps"]) == 5
    bits = 12 * 2 * 768 * 8  # layers, keys and values, width, bits of an activation
    assert result["kv"]["read_bits"] == bits * (128 + 129 + 130 + 131)
    assert result["kv"]["written_bits"] == bits * (128 + 4)


def test_the_page_tells_times_tiles_and_laws(tmp_path: Path) -> None:
    result = generate(small_chip(tmp_path, "on_chip", 8), generation(4, 3), Generate(3))
    page = render_page(result)
    for part in ("tokens", "times", "energy", "tiles", "stations", "laws", "sources", "provenance"):
        assert f'id="{part}"' in page
    assert f"{len(result.laws)} laws hold" in page
    assert page.count("<svg") == 2
    assert "http://" not in page.replace("http://www.w3.org", "")
