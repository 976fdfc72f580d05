"""Any operation graph survives being saved and loaded, byte for byte the second time."""

from hypothesis import given, settings
from hypothesis import strategies as st

from xbarsim.workload.graph import (
    Causal,
    ExpertGroup,
    Matrix,
    Op,
    OpGraph,
    OpKind,
    Part,
    Resample,
    Same,
    Slice,
    Whole,
    Window,
)
from xbarsim.workload.growth import GROWING, Context, Growth, numbers
from xbarsim.workload.trace import load_trace, save_trace, trace_text

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
COUNTS = st.integers(0, 2**62)
SIZES = st.integers(1, 6)


@st.composite
def needs(draw, positions, read):
    """A need that `positions` results can have of `read` inputs."""
    fitting = [st.just(Whole(read))]
    if positions == read:
        fitting.append(st.just(Same()))
    if positions <= read:
        fitting.append(st.builds(Causal, st.integers(0, read - positions)))
        fitting.append(st.builds(Slice, st.integers(0, read - positions)))
    fitting.append(st.builds(Part, st.integers(0, positions), st.just(read)))
    maps = st.just((1, read)), st.just((1, positions))
    fitting.append(st.builds(Resample, *maps, st.tuples(st.just(0), st.integers(0, 2))))
    small = st.tuples(SIZES, SIZES)
    fitting.append(st.builds(Window, *maps, small, small, st.tuples(st.just(0), st.integers(-2, 3)), small))
    return draw(st.one_of(fitting))


SLOPES = st.integers(-3, 9)


@st.composite
def growths(draw, needs):
    """Slopes of an operation with these needs."""
    counts = draw(st.dictionaries(st.sampled_from(GROWING), SLOPES))
    rows = [st.tuples(*[SLOPES] * len(numbers(need))) | st.just(()) for need in needs]
    return Growth(**counts, needs=draw(st.tuples(*rows) | st.just(())))


@st.composite
def graphs(draw):
    names = draw(st.lists(TEXTS, min_size=1, max_size=6, unique=True))
    matrices = {
        name: draw(st.builds(Matrix, st.just(name), SIZES, SIZES, SIZES, st.booleans()))
        for name in draw(st.lists(TEXTS, max_size=3, unique=True))
    }
    groups = {name: ExpertGroup(name, 3, 2) for name in draw(st.lists(TEXTS, max_size=2, unique=True))}
    places = st.tuples(st.sampled_from(list(groups)), st.integers(0, 2)) if groups else st.none()
    context = draw(st.none() | st.builds(Context, TEXTS, SIZES, st.none() | SIZES))
    ops: list[Op] = []
    for name in names:
        positions = draw(SIZES)
        read = draw(st.lists(st.sampled_from(ops), max_size=2)) if ops else []
        how = tuple(draw(needs(positions, op.positions)) for op in read)
        ops.append(
            Op(
                name,
                draw(st.sampled_from(OpKind)),
                draw(TEXTS),
                tuple(op.name for op in read),
                how,
                positions,
                draw(SIZES),
                draw(COUNTS),
                draw(COUNTS),
                draw(st.sampled_from([None, *matrices])),
                draw(COUNTS),
                draw(COUNTS),
                draw(st.booleans()),
                draw(st.none() | TEXTS),
                draw(st.none() | growths(how)) if context else None,
                draw(st.none() | places),
            )
        )
    notes = tuple(draw(st.lists(TEXTS, max_size=3)))
    return OpGraph(draw(TEXTS), tuple(ops), matrices, draw(COUNTS), notes, draw(TEXTS), context, groups)


@settings(deadline=None, max_examples=60)
@given(graphs())
def test_round_trip(tmp_path_factory, graph):
    path = tmp_path_factory.mktemp("trace") / "a.trace.yaml"
    save_trace(graph, path)
    loaded = load_trace(path)
    assert loaded == graph
    assert trace_text(loaded) == path.read_text(encoding="utf-8")
    assert [one.name for one in path.parent.iterdir()] == ["a.trace.yaml"]
