"""Subject: one described chip under test, with everything that is run on it run once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from xbarsim.errors import MappingError
from xbarsim.scenario.infer import Infer, infer
from xbarsim.scenario.result import LayerRow, Result
from xbarsim.spec.chip import Chip
from xbarsim.spec.figures import Reported
from xbarsim.spec.load import load_chip, located_chip
from xbarsim.spec.located import Located
from xbarsim.workload.graph import OpGraph, OpKind
from xbarsim.workload.inline import is_inline, read_inline
from xbarsim.workload.load import load_workload

Settings = tuple[str, ...]
SLICES = 200_000  # kept of a run whose product is looked at
FULL_ARRAY = "product {rows}x{columns}"


class Subject:
    """A chip by name or path; `settings` hold for all of its figures (as after --set)."""

    def __init__(self, name: str, settings: Settings = ()):
        self.name, self.settings = name, settings
        self._chips: dict[Settings, Chip] = {}
        self._graphs: dict[str, tuple[OpGraph, int | None, int | None]] = {}
        self._results: dict[tuple[Settings, str, int, int], Result] = {}

    def chip(self, row: Reported | None = None) -> Chip:
        settings = (*self.settings, *(settings_of(row) if row is not None else ()))
        if settings not in self._chips:
            self._chips[settings] = load_chip(self.name, list(settings))
        return self._chips[settings]

    @cached_property
    def located(self) -> Located:
        """The description with file and line of each key, for messages."""
        return located_chip(self.name, self.settings)

    def asked(self, row: Reported) -> Asked:
        return Asked(self, row)

    def result(self, row: Reported) -> Result:
        """The run a figure is read from; without a workload, one product that fills one array."""
        chip = self.chip(row)
        text = row.run or _full_array(chip)
        key = ((*self.settings, *settings_of(row)), text, row.requests, row.batch)
        if key not in self._results:
            graph, weight_bits, activation_bits = self.workload(text)
            if weight_bits is not None:
                chip = chip.storing(weight_bits)
            asked = Infer(row.requests, SLICES if is_inline(text) else 0, batch=row.batch)
            self._results[key] = infer(chip, graph, asked, activation_bits)
        return self._results[key]

    def graph(self, row: Reported) -> OpGraph:
        return self.workload(row.run or _full_array(self.chip(row)))[0]

    def workload(self, text: str) -> tuple[OpGraph, int | None, int | None]:
        """What `run` names, with the bits of its weights and activations where it says them.

        Raises: SpecError or WorkloadError if there is no such workload.
        """
        if text not in self._graphs:
            if is_inline(text):
                self._graphs[text] = (read_inline(text), None, None)
            else:
                work = load_workload(text)
                self._graphs[text] = (work.graph, work.weight_bits, work.activation_bits)
        return self._graphs[text]


def settings_of(row: Reported) -> Settings:
    """A figure's own mode and settings, as after --set."""
    return (*((f"mode={row.mode}",) if row.mode else ()), *_assignments(row.set))


def _assignments(settings: Mapping[str, str | int | float | bool]) -> Settings:
    return tuple(
        f"{key}={str(value).lower() if isinstance(value, bool) else value}" for key, value in settings.items()
    )


def _full_array(chip: Chip) -> str:
    """A product that fills one array. Raises: MappingError if the chip has none."""
    arrays = chip.arrays()
    if not arrays:
        raise MappingError(
            f"{chip.name} has no array to fill with a product; give the figure something to `run`"
        )
    array = arrays[0].spec
    return FULL_ARRAY.format(rows=array.weight_rows, columns=array.weight_columns)  # type: ignore[union-attr]


class Asked:
    """What a measure may look at for one figure: the chip, the run (made when first looked at), its own row."""

    def __init__(self, subject: Subject, row: Reported):
        self.subject, self.row = subject, row

    @property
    def chip(self) -> Chip:
        return self.subject.chip(self.row)

    @cached_property
    def result(self) -> Result:
        return self.subject.result(self.row)

    @property
    def graph(self) -> OpGraph:
        """The network of the run."""
        return self.subject.graph(self.row)

    @property
    def of(self) -> tuple[str, ...]:
        return self.row.of

    def concerns(self, component: str) -> bool:
        """Whether a component is one of `of`, or inside one; everything is, where nothing is named."""
        return not self.of or any(component == path or component.startswith(f"{path}.") for path in self.of)

    @property
    def layer(self) -> tuple[LayerRow, ...]:
        """The first matrix product, and what is done behind it before the next product or the way out."""
        rows = self.result.layers
        first = next((i for i, row in enumerate(rows) if row.kind == OpKind.MVM), None)
        if first is None:
            raise MappingError(f"{self.chip.name}: '{self.row.figure}' needs a matrix product as `run`")
        ends = (i for i in range(first + 1, len(rows)) if rows[i].kind in (OpKind.MVM, OpKind.OUTPUT))
        return rows[first : next(ends, len(rows))]

    @property
    def static_power_uw(self) -> float:
        static_pj = sum(row.energy_pj for row in self.result.energy if row.static)
        return static_pj / max(1, self.result.elapsed_ps) * 1e6
