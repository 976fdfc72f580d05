"""load_chip: a path or the name of a shipped chip, to a Chip."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from xbarsim.errors import Problem, SpecError
from xbarsim.shipped import shipped
from xbarsim.spec.build import build_chip
from xbarsim.spec.chip import Chip
from xbarsim.spec.loader import Located, likely, load_located, override


def chip_path(path_or_name: str | Path) -> Path:
    """The file of a chip; a bare name is looked up among the shipped architectures. Raises: SpecError."""
    path = Path(path_or_name)
    if path.suffix in (".yaml", ".yml") or path.parent != Path(".") or path.name in ("", ".."):
        return path
    folder = shipped("architectures")
    names = [file.stem for file in folder.glob("*.yaml")]
    if path.name not in names:
        raise SpecError(
            [
                Problem(
                    str(path_or_name),
                    0,
                    "",
                    "no file and no shipped chip of this name",
                    "",
                    likely(path.name, names),
                )
            ]
        )
    return folder / f"{path.name}.yaml"


def located_chip(path_or_name: str | Path, overrides: Iterable[str] = ()) -> Located:
    """The tree of a chip's file with file and line of each node, as `load_chip` goes on from; not yet checked.

    Raises: SpecError if there is no such file, or it is no YAML.
    """
    path = chip_path(path_or_name)
    located = load_located(path, str(path_or_name) if Path(path_or_name) == path else path.name)
    for assignment in (overrides,) if isinstance(overrides, str) else overrides:
        override(located, assignment)
    return located


def load_chip(path_or_name: str | Path, overrides: Iterable[str] = ()) -> Chip:
    """Read and validate a chip description.

    overrides: 'key.path=value' assignments, applied over the file ('core.adc.bits=6').
    Raises: SpecError with every problem, each with file, line, key, what was found and what is allowed.
    """
    assignments = (overrides,) if isinstance(overrides, str) else tuple(overrides)
    chip = build_chip(located_chip(path_or_name, assignments), str(chip_path(path_or_name)))
    chip = replace(chip, called=str(path_or_name), assignments=assignments)
    if not assignments:
        return chip
    return replace(chip, sha256=sha256("\n".join((chip.sha256, *assignments)).encode()).hexdigest())


def reload_chip(chip: Chip, overrides: Iterable[str]) -> Chip:
    """The same chip with more set than it was loaded with.

    Raises: ValueError of a chip that was read from no file; SpecError as `load_chip`.
    """
    if not chip.called:
        raise ValueError(f"{chip.name}: it was read from no file; give what load_chip returns")
    return load_chip(chip.called, (*chip.assignments, *overrides))
