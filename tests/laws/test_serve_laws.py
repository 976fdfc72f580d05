"""Laws of runs under load: several networks on one chip, what they share and what is their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graphs import chain_of_products, one_product
from tests.serve_help import run, stint
from tests.small_chips import (
    Tree,
    accumulator,
    array,
    buffer,
    chip_tree,
    link,
    load,
    router,
    sar,
    tile,
    vector_unit,
)
from xbarsim.api import simulate
from xbarsim.engine.granularity import Granularity
from xbarsim.errors import MappingError
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.residents import Lodger, buffer_bits, buffer_use_bits, map_residents, named_apart
from xbarsim.scenario.arrivals import Constant, OnOff, Poisson, Recorded, Saturated
from xbarsim.scenario.batching import Fixed, OneByOne, TimeOut
from xbarsim.scenario.precision import Precision
from xbarsim.scenario.serve_result import ServeResult
from xbarsim.scenario.serve_spec import Resident, Serve
from xbarsim.spec.chip import Chip

MIXED = chain_of_products([40, 24, 8], "relu")
SMALL = one_product(16, 8)


def mesh(
    tmp_path: Path,
    tiles: int = 16,
    capacity: str = "64 KiB",
    converter: Tree | None = None,
    **header: object,
) -> Chip:
    """Tiles of two arrays on a mesh, with one port at a corner."""
    own: Tree = {
        "array": array(count=2), "adc": sar(count=2, **(converter or {})), "buffer": buffer(capacity=capacity),
        "accumulator": accumulator(), "vector_unit": vector_unit(),
    }  # fmt: skip
    connect = [{"topology": "mesh", "of": "tile", "link": link(), "router": router()}]
    return load(tmp_path, chip_tree(tile(count=tiles, **own), connect, **header))  # type: ignore[arg-type]


def with_port(tmp_path: Path) -> Chip:
    """The same, and all data come in and go out through one port."""
    from tests.laws.test_small_chips import IO

    own: Tree = {"array": array(count=2), "adc": sar(count=2), "buffer": buffer(), "accumulator": accumulator(),
                 "vector_unit": vector_unit()}  # fmt: skip
    connect = [
        {"topology": "mesh", "of": "tile", "link": link(), "router": router()},
        {"edge": "io <-> tile[0]", "link": link()},
    ]
    return load(
        tmp_path, chip_tree(tile(count=16, **own), connect, outside={"io": {**IO, "bandwidth": "0.1 GB/s"}})
    )


def one_tile(tmp_path: Path, capacity: str) -> Chip:
    """Many arrays around one buffer."""
    own: Tree = {"array": array(count=48), "adc": sar(count=48), "buffer": buffer(capacity=capacity),
                 "accumulator": accumulator(), "vector_unit": vector_unit()}  # fmt: skip
    return load(tmp_path, chip_tree(tile(**own)))


REPLICATED = {"mapping": {"replicate": "balance"}}
STINTS = {
    "poisson": stint(Poisson(4e5), 300),
    "limited": stint(Poisson(4e6), 300, limit=3, queue=5),
    "fixed": stint(Poisson(1e6), 300, Fixed(5), limit=10),
    "time-out": stint(OnOff(2e6, 1e-5, 2e-5), 300, TimeOut(4, 3e-6), limit=4),
    "recorded": stint(Recorded(tuple(range(0, 40_000_000, 173_000))), 300, Fixed(7)),
    "saturated": stint(Saturated(), 300),
    "saturated batches": stint(Saturated(), 300, Fixed(4), limit=8),
    "overload": stint(Constant(1e7), 300),
}


@pytest.mark.parametrize("asked", STINTS.values(), ids=STINTS.keys())
def test_laws_hold_whatever_comes_and_however_it_is_let_in(tmp_path: Path, asked) -> None:  # type: ignore[no-untyped-def]
    done = run(mesh(tmp_path), [MIXED], [asked])
    books = done.books[0]
    limit, queue = asked.admission_limit, asked.queue_limit
    assert limit is None or books.inside.largest <= limit
    assert queue is None or books.at_door.largest <= queue
    assert books.completed >= min(asked.requests, books.door.arrived)


@pytest.mark.parametrize("header", ({}, REPLICATED), ids=("single", "replicated"))
def test_laws_hold_for_several_networks(tmp_path: Path, header: Tree) -> None:
    asked = [STINTS["poisson"], STINTS["fixed"], STINTS["limited"]]
    done = run(mesh(tmp_path, **header), [MIXED, SMALL, MIXED], asked)
    assert [network.name for network in done.networks] == [
        "chain of products", "one product", "chain of products #2",
    ]  # fmt: skip
    assert all(books.completed >= 300 for books in done.books)


def test_energy_of_the_networks_is_that_of_the_ledger(tmp_path: Path) -> None:
    chip = mesh(tmp_path)
    result = simulate(
        chip,
        [Resident(MIXED, Poisson(2e5)), Resident(SMALL, Poisson(1e6))],
        Serve(requests=400),
    )
    dynamic_pj = sum(row.energy_pj for row in result.energy if not row.static)
    assert result.provenance["scenario"]["requests"] == 400
    by_network = sum(one.dynamic_pj * _let_in(one) for one in result.networks)
    assert by_network == pytest.approx(dynamic_pj, rel=1e-12)


def _let_in(one) -> int:  # type: ignore[no-untyped-def]
    """Without a limit all who came are let in, and come out."""
    return one.arrived


def test_a_second_network_at_the_same_port_slows_the_first(tmp_path: Path) -> None:
    chip = with_port(tmp_path)
    first = stint(Poisson(4e5), 500)
    calm, busy = (
        run(chip, [MIXED, MIXED], [first, other])
        for other in (stint(Constant(1.0), 1), stint(Saturated(), 500))
    )
    theirs = "chain of products #2/"
    met = [str(tag) for station in busy.shop.stations.values() for tag in station.waited_for]
    assert any(tag.startswith(theirs) for tag in met)
    means_ps = [done.books[0].latencies.estimate("mean").value_ps for done in (calm, busy)]
    assert means_ps[0] is not None and means_ps[1] is not None
    assert means_ps[1] > 1.05 * means_ps[0]


def test_the_arrivals_of_a_network_do_not_change_with_those_of_others(tmp_path: Path) -> None:
    chip = mesh(tmp_path)
    first = stint(Poisson(4e5), 200)
    runs = [run(chip, [MIXED, SMALL], [first, other]) for other in (STINTS["poisson"], STINTS["limited"])]
    areas = [done.books[0].door.arrived / done.end_ps for done in runs]
    assert areas[0] == pytest.approx(4e-7, rel=0.3) and areas[1] == pytest.approx(4e-7, rel=0.3)


# --- places ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exclusive", (False, True))
@pytest.mark.parametrize("shares", ((0.5, 0.5), (0.2, 0.8), (0.7, 0.3), (0.1, 0.1)))
def test_copies_keep_to_their_share(tmp_path: Path, shares: tuple[float, float], exclusive: bool) -> None:
    chip = mesh(tmp_path, 32, mapping={"replicate": "balance", "exclusive_tiles": exclusive})
    work = wide()
    lodgers = [
        Lodger(graph, None, share) for graph, share in zip(named_apart([work, work]), shares, strict=True)
    ]
    programs = map_residents(chip, lodgers)
    least = map_residents(mesh(tmp_path, 32), [Lodger(work, None, 1.0)])[0].arrays_used
    for program, share in zip(programs, shares, strict=True):
        assert least <= program.arrays_used <= max(least, int(share * 64))
    assert programs[0].arrays_used > least or shares[0] <= 0.2
    tiles = [{s.tile for c in p.copies.values() for one in c for s in one.segments} for p in programs]
    assert not exclusive or not tiles[0] & tiles[1]


def wide():  # type: ignore[no-untyped-def]
    """A network with positions to share out among copies."""
    from tests.laws.test_small_chips import convolutions

    return convolutions()


def test_the_buffers_of_a_tile_are_shared_and_never_overfull(tmp_path: Path) -> None:
    tight = one_tile(tmp_path, "352 B")
    floor = Floor(tight)
    size = buffer_bits(floor)
    graphs = named_apart([wide(), MIXED, wide()])
    programs = map_residents(tight, [Lodger(graph, None, 1 / 3) for graph in graphs])
    use: dict[str, int] = {}
    for program in programs:
        for tile_, bits in buffer_use_bits(floor, program).items():
            use[tile_] = use.get(tile_, 0) + bits
    assert size == 352 * 8 and max(use.values()) <= size
    run(tight, [wide(), MIXED, wide()], [stint(Saturated(), 50)] * 3)


def test_networks_that_do_not_fit_together_say_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(MappingError) as caught:
        run(mesh(tmp_path, 4), [MIXED, MIXED], [stint(Saturated(), 1)] * 2)
    assert str(caught.value) == (
        "2 networks on Small chip: 22 array blocks (chain of products 11, chain of products #2 11), 8 arrays: "
        "14 missing. Raise tile.count to at least 11, or take fewer networks"
    )


def test_buffers_that_are_too_small_together_say_who_needs_what(tmp_path: Path) -> None:
    tight = one_tile(tmp_path, "192 B")
    with pytest.raises(
        MappingError, match=r"the networks together need more buffer than there is; the fullest"
    ):
        map_residents(tight, [Lodger(graph, None, 0.3) for graph in named_apart([wide(), wide(), wide()])])


def test_a_network_that_needs_rewriting_is_not_served(tmp_path: Path) -> None:
    chip = mesh(tmp_path, 4, mapping={"replicate": "none", "time_multiplex": True})
    with pytest.raises(MappingError) as caught:
        simulate(chip, MIXED, Serve(Poisson(1e3), requests=1))
    assert str(caught.value) == (
        "chain of products on Small chip: it does not fit, and weights that are rewritten from phase to phase "
        "cannot be served under load. Run it with `xbarsim run`, or raise the number of tiles"
    )


# --- one result from either engine ------------------------------------------------------------------


SCENARIOS = {
    "poisson": Serve(Poisson(6e5), requests=150),
    "limit and queue": Serve(Poisson(2e6), requests=150, admission_limit=2, queue_limit=4, seed=3),
    "time-out": Serve(OnOff(3e6, 1e-5, 1e-5), requests=150, batching=TimeOut(4, 2e-6)),
    "saturated": Serve(Saturated(), requests=60, admission_limit=9),
    "precision": Serve(Poisson(2e5), precision=Precision("mean", 0.2, least=200, most=400)),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_both_engines_give_the_same_result(tmp_path: Path, scenario: Serve) -> None:
    assert _results_agree(mesh(tmp_path), MIXED, scenario)


def test_both_engines_give_the_same_result_of_several_networks(tmp_path: Path) -> None:
    works = [
        Resident(MIXED, Poisson(3e5), batching=Fixed(3)),
        Resident(wide(), Poisson(1e5), 0.6, admission_limit=2),
        Resident(SMALL, Saturated(), admission_limit=2),
    ]
    assert _results_agree(mesh(tmp_path, **REPLICATED), works, Serve(requests=60, seed=5))


def _results_agree(chip: Chip, work, scenario: Serve) -> bool:  # type: ignore[no-untyped-def]
    from dataclasses import replace

    from xbarsim.scenario.store import result_to_json

    texts = []
    for granularity in (*Granularity, Granularity.BURST):
        result = simulate(chip, work, replace(scenario, granularity=granularity))
        assert isinstance(result, ServeResult)
        provenance = {**result.provenance, "granularity": ""}
        texts.append(result_to_json(replace(result, provenance=provenance)))
    return len(set(texts)) == 1


# --- what is told ------------------------------------------------------------------------------------


def test_overload_is_told_and_the_throughput_is_that_of_the_saturated_chip(tmp_path: Path) -> None:
    chip = mesh(tmp_path)
    most = simulate(chip, MIXED, Serve(Saturated(), requests=400)).throughput_per_s
    result = simulate(chip, MIXED, Serve(Poisson(2 * most), requests=2_000))
    served = result.networks[0]
    assert (served.state, result.steady) == ("overload", False)
    assert "ever more come than leave" in served.notes[0]
    assert served.throughput_per_s == pytest.approx(most, rel=0.02)
    steady = simulate(chip, MIXED, Serve(Poisson(0.5 * most), requests=2_000)).networks[0]
    assert steady.state == "steady" and steady.notes == ()
    assert steady.throughput_per_s == pytest.approx(0.5 * most, rel=0.1)


def test_littles_law_holds_behind_the_warm_up_too(tmp_path: Path) -> None:
    served = simulate(mesh(tmp_path), MIXED, Serve(Poisson(5e5), requests=4_000, admission_limit=2)).networks[
        0
    ]
    for time_ps, queue in ((served.door_ps, served.at_door), (served.inside_ps, served.inside)):
        assert queue.mean == pytest.approx(served.throughput_per_s * time_ps * 1e-12, rel=0.02)
    mean = served.estimate("mean").value_ps
    assert mean is not None
    assert mean == pytest.approx(served.door_ps + served.inside_ps, rel=1e-9)


def test_a_run_ends_when_the_precision_is_reached(tmp_path: Path) -> None:
    wanted = Precision("mean", 0.05, least=300, most=30_000)
    served = simulate(mesh(tmp_path), MIXED, Serve(Poisson(2e5), precision=wanted)).networks[0]
    relative = served.estimate("mean").relative_half_width
    assert relative is not None and relative <= 0.05
    assert served.completed < 30_000 and served.notes == ()
    hard = Precision("p99.9", 0.001, least=300, most=600)
    served = simulate(mesh(tmp_path), MIXED, Serve(Poisson(2e5), precision=hard)).networks[0]
    assert served.completed == 600
    assert served.notes[-1] == "p99.9 is not known to 0.1 % after 600 requests"


def test_a_recorded_stream_ends_the_run_and_the_last_batch_goes_in(tmp_path: Path) -> None:
    times_ps = tuple(range(0, 25_000_000, 1_000_000))
    asked = Serve(Recorded(times_ps, "short.txt"), requests=100, batching=Fixed(8))
    served = simulate(mesh(tmp_path), MIXED, asked).networks[0]
    assert (served.arrived, served.completed, served.left) == (25, 25, 0)
    assert "the recorded stream ended after 25 requests" in served.notes


def test_static_energy_is_power_at_rest_over_the_time_between_requests(tmp_path: Path) -> None:
    chip = mesh(tmp_path, converter={"idle_power": "1 mW"})
    slow = simulate(chip, MIXED, Serve(Constant(1e4), requests=200, batching=OneByOne())).networks[0]
    fast = simulate(chip, MIXED, Serve(Constant(1e5), requests=200)).networks[0]
    assert slow.dynamic_pj == fast.dynamic_pj
    assert slow.static_pj == pytest.approx(10 * fast.static_pj, rel=0.05)
