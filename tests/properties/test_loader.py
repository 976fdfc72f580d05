"""The loader knows the line of every node, merges in the promised order, and never ends in a traceback."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xbarsim.errors import SpecError
from xbarsim.spec.loader import load_located, override
from xbarsim.spec.place import parts_of

KEYS = st.from_regex(r"[a-df-z][a-z0-9_]{0,5}", fullmatch=True).filter(
    lambda key: key not in ("null", "include", "no", "on")
)
SCALARS = st.one_of(
    st.integers(-(10**6), 10**6), st.booleans(), st.sampled_from(["1.25 ns", "ideal", "text", "a: b", ""])
)
TREES = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=12,
    ),
    min_size=1,
    max_size=4,
)
PLAIN = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def write(tree: Any, line: int = 1, indent: int = 0) -> tuple[list[str], dict[tuple[Any, ...], int]]:
    """A tree as YAML lines, every node on its own line where YAML allows it, and the line of each path."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    lines: list[str] = []
    marks: dict[tuple[Any, ...], int] = {}
    for key, value in items:
        head = " " * indent + (f"{key}:" if isinstance(tree, dict) else "-")
        here = line + len(lines)
        marks[(key,)] = here
        if isinstance(value, dict | list) and value:
            inner, below = write(value, here + 1, indent + 2)
            lines += [head, *inner]
            # A list item's own mark is where its content begins.
            marks[(key,)] = here if isinstance(tree, dict) else here + 1
            marks |= {(key, *path): at for path, at in below.items()}
        else:
            lines.append(f"{head} {yaml.safe_dump(value, default_flow_style=True).splitlines()[0]}")
    return lines, marks


def paths(tree: Any) -> set[tuple[Any, ...]]:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return {()} | {(key, *path) for key, value in items for path in paths(value)}


@PLAIN
@given(tree=TREES)
def test_every_node_knows_its_line(tree: dict[str, Any], tmp_path: Path) -> None:
    lines, marks = write(tree)
    file = tmp_path / "tree.yaml"
    file.write_text("\n".join(lines) + "\n")
    located = load_located(file)
    assert located.tree == tree
    assert {path: mark.line for path, mark in located.marks.items() if path} == marks


@PLAIN
@given(below=TREES, first=TREES, second=TREES, own=TREES)
def test_own_keys_win_over_includes_over_merge_keys(
    below: Any, first: Any, second: Any, own: Any, tmp_path: Path
) -> None:
    for name, tree in (("first", first), ("second", second)):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(tree))
    text = (
        yaml.safe_dump({"zbelow": "PLACE"}).replace(
            "PLACE", "&base " + yaml.safe_dump(below, default_flow_style=True, width=10**6).strip()
        )
        + "<<: *base\ninclude: [first.yaml, second.yaml]\n"
        + yaml.safe_dump(own)
    )
    (tmp_path / "own.yaml").write_text(text)
    own = {"zbelow": below, **own} if "zbelow" not in own else own
    located = load_located(tmp_path / "own.yaml")
    expected: dict[str, Any] = {}
    for layer in (below, first, second, own):
        deep_merge(expected, layer)
    assert located.tree == expected
    assert set(located.marks) == paths(expected)
    for key, value in expected.items():
        winner = (
            "own.yaml"
            if key in own or (key in below and key not in first and key not in second)
            else "second.yaml"
            if key in second
            else "first.yaml"
        )
        assert located.marks[(key,)].file == winner, (key, value)


def deep_merge(into: dict[str, Any], over: dict[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            into[key] = dict(into[key])
            deep_merge(into[key], value)
        else:
            into[key] = value


@PLAIN
@given(tree=TREES, value=SCALARS | TREES, data=st.data())
def test_an_override_changes_its_place_and_nothing_else(
    tree: Any, value: Any, data: Any, tmp_path: Path
) -> None:
    (tmp_path / "tree.yaml").write_text(yaml.safe_dump(tree))
    located = load_located(tmp_path / "tree.yaml")
    path = data.draw(st.sampled_from(sorted(paths(tree) - {()}, key=str)))
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    assert parts_of(key) == path
    before = {p: m for p, m in located.marks.items() if p[: len(path)] != path}
    override(located, f"{key}={yaml.safe_dump(value, default_flow_style=True, width=10**6).splitlines()[0]}")
    assert located.problems == []
    holder = tree
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = value
    assert located.tree == tree
    assert {p: m for p, m in located.marks.items() if p[: len(path)] != path} == before
    assert set(located.marks) == paths(tree)
    assert {str(located.marks[p]) for p in paths(tree) if p[: len(path)] == path} == {"--set"}


@PLAIN
@given(
    content=st.binary(max_size=200)
    | st.text(max_size=200).map(str.encode)
    | st.text("{}[]&*<>:-?|'\"%@`!#,~ \n\tab=", max_size=60).map(str.encode)
)
def test_any_bytes_are_a_mapping_or_a_spec_error(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "any.yaml"
    file.write_bytes(content)
    try:
        located = load_located(file)
    except SpecError as error:
        assert len(str(error).splitlines()) == len(error.problems) > 0
    else:
        assert isinstance(located.tree, dict)
        assert set(located.marks) == paths(located.tree)


@PLAIN
@given(assignment=st.text("abc.=[]0189{}:, -&*'", max_size=25))
def test_any_override_is_applied_or_told(assignment: str, tmp_path: Path) -> None:
    (tmp_path / "tree.yaml").write_text("a: {b: [1, 2, {c: 3}], c: 4}\ncomponents: {ab: {b: 1}}\n")
    located = load_located(tmp_path / "tree.yaml")
    override(located, assignment)
    assert set(located.marks) == paths(located.tree)
    assert all(len(str(problem).splitlines()) == 1 for problem in located.problems)


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: " + "[" * 100_000, "x.yaml:1: nested more than 60 deep; is a bracket not closed?"),
        (BOMB, "x.yaml:1: aliases unfold to more than 300000 values; use 'count' for equal parts"),
        ("a: &a {b: {c: *a}}", "x.yaml:1: '*a' stands inside its own anchor; take it away"),
        (
            "a: \0",
            "x.yaml:1: not YAML: a character that no text file should hold; save the file as UTF-8 text",
        ),
        ("", "x.yaml:1: the file is empty; allowed: a file of 'key: value' lines"),
    ],
    ids=["deep", "alias bomb", "recursive", "control character", "empty"],
)
def test_hostile_text_ends_in_one_line(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(content)
    with pytest.raises(SpecError) as caught:
        load_located(tmp_path / "x.yaml")
    assert str(caught.value) == message


def test_what_is_no_readable_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("binary.yaml").write_bytes(b"\xff\xfe\x00a")
    Path("folder.yaml").mkdir()
    os.mkfifo("pipe.yaml")
    Path("loop.yaml").symlink_to("loop.yaml")
    told = {
        "no.yaml": "does not exist",
        "binary.yaml": "is no text file (UTF-8)",
        "folder.yaml": "is a folder, not a file",
        "pipe.yaml": "is no ordinary file",
        "loop.yaml": "does not exist",
    }
    for name, found in told.items():
        with pytest.raises(SpecError) as caught:
            load_located(Path(name))
        assert str(caught.value) == f"{name}: {found}; check the path"


def test_a_file_one_may_not_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError

    file = tmp_path / "closed.yaml"
    file.write_text("a: 1")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SpecError) as caught:
        load_located(file)
    assert str(caught.value) == "closed.yaml: may not be read by you; check the path"


def test_includes_in_a_circle_are_told_where_they_close(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "c"), ("c", "a")):
        (tmp_path / f"{name}.yaml").write_text(f"# {name}\ninclude: {other}.yaml\n")
    with pytest.raises(SpecError) as caught:
        load_located(tmp_path / "a.yaml")
    assert (
        str(caught.value)
        == "c.yaml:2 include: 'a.yaml' includes itself in the end; take one of the includes away"
    )


def test_a_file_included_in_many_places_is_read_once(tmp_path: Path) -> None:
    for i in range(25):
        (tmp_path / f"f{i}.yaml").write_text(
            f"left: {{include: f{i + 1}.yaml}}\nright: {{include: f{i + 1}.yaml}}\n"
        )
    (tmp_path / "f25.yaml").write_text("leaf: 1\n")
    with pytest.raises(SpecError, match="aliases unfold to more than"):
        load_located(tmp_path / "f0.yaml")


def test_numbers_are_read_as_people_read_them(tmp_path: Path) -> None:
    (tmp_path / "n.yaml").write_text(
        "[a: 010, b: 1:30, c: 1_000, d: 1e3, e: 2.5, f: 2024-01-01, g: 0x10, h: -3]"[1:-1].replace(", ", "\n")
    )
    assert load_located(tmp_path / "n.yaml").tree == {
        "a": "010",
        "b": "1:30",
        "c": 1000,
        "d": "1e3",
        "e": 2.5,
        "f": "2024-01-01",
        "g": "0x10",
        "h": -3,
    }


def test_keys_stay_as_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "k.yaml").write_text("on: 1\nno: 2\n1: 3\n~: 4\n")
    assert load_located(tmp_path / "k.yaml").tree == {"on": 1, "no": 2, "1": 3, "~": 4}
