"""The tables of a comparison as plain values, and in the words of a spreadsheet, a README and a paper."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import asdict, replace

from xbarsim.report.headline import Figure
from xbarsim.report.quantities import divided, format_number, format_pj, format_ps, format_share
from xbarsim.report.study_views import figure_cell, format_figure, words_of
from xbarsim.report.views import Cell, Column, Table, number_cell
from xbarsim.study.compare import Comparison, Difference, Entry
from xbarsim.study.figures import BY_NAME, FIGURES

INFER = ("latency_ns", "throughput_per_s", "energy_pj", "power_w", "tops_per_w", "area_mm2", "tops_per_mm2")
SERVE = ("latency_ns", "latency_p99_ns", *INFER[1:])
_LIKE_TOTAL = 0.005  # gaps below this share of the sum of all are not told in words
_TOLD = 3
_BOUNDED = {"energy_pj": "≥ ", "power_w": "≥ ", "tops_per_w": "≤ "}  # with unknown prices
_SIDES = ("reference_ps", "other_ps")


def shown(found: Comparison) -> tuple[str, ...]:
    names = SERVE if found.scenario == "serve" else INFER
    return ("accuracy", *names) if any(entry.accuracy is not None for entry in found.entries) else names


def network_names(found: Comparison) -> dict[str, str]:
    """Networks in the words of tables and figures: of weights of one network ('cnn@plain'), what tells them apart."""
    bases = {name.partition("@")[0] for name in found.workloads}
    same = len(found.workloads) > 1 and len(bases) == 1 and all("@" in name for name in found.workloads)
    return {name: name.partition("@")[2] if same else name for name in found.workloads}


def comparison_table(found: Comparison) -> Table:
    """One row for each chip and network; the best of each network in each figure stands out."""
    several, names = len(found.workloads) > 1, network_names(found)
    columns = (
        Column("chip"),
        *([Column("network")] if several else []),
        *(Column(words_of(name), True, name in ("power_w", "tops_per_mm2")) for name in shown(found)),
        Column("bottleneck", wide=True),
    )
    best = {workload: _best(found, workload) for workload in found.workloads}
    rows = []
    for entry in found.done:
        cells = (_cell(entry, name, best[entry.workload]) for name in shown(found))
        network = [Cell(names[entry.workload])] if several else []
        rows.append((Cell(entry.chip), *network, *cells, Cell(str(entry.figures["bottleneck"] or ""))))
    return Table("Side by side", columns, tuple(rows), bounds_note(found))


def bounds_note(found: Comparison) -> str:
    """Whose energy and area are lower bounds."""
    unknown = [entry.chip for entry in found.done if entry.figures["unknown_energies"]]
    names = ", ".join(dict.fromkeys(unknown))
    return f"energy is a lower bound, with unknown prices, of {names}" if names else ""


def _best(found: Comparison, workload: str) -> dict[str, object]:
    best = {}
    for name in shown(found):
        values = [entry.figures[name] for entry in found.of(workload)]
        numbers = [value for value in values if isinstance(value, int | float)]
        if len(numbers) > 1:
            best[name] = min(numbers) if BY_NAME[name].better == "less" else max(numbers)
    return best


def _cell(entry: Entry, name: str, best: dict[str, object]) -> Cell:
    value = entry.figures[name]
    cell = figure_cell(name, value, "good" if value is not None and value == best.get(name) else "")
    sign = _BOUNDED.get(name, "") if value is not None and entry.figures["unknown_energies"] else ""
    return replace(cell, text=f"{sign}{cell.text}")


def failed_comparisons(found: Comparison) -> Table:
    rows = tuple((Cell(e.chip), Cell(e.workload), Cell(e.error, tone="bad")) for e in found.failed)
    return Table("Not run", (Column("chip"), Column("network"), Column("error")), rows)


def energy_gap_table(told: Difference) -> Table:
    """Which components make the difference in energy, largest first."""
    columns = (
        Column("components"),
        *(Column(c, True) for c in (told.reference, told.other, "difference", "share")),
    )
    whole = sum(abs(gap.gap_pj) for gap in told.energy)
    rows = tuple(
        (
            Cell(gap.family),
            number_cell(format_pj(gap.reference_pj), gap.reference_pj),
            number_cell(format_pj(gap.other_pj), gap.other_pj),
            number_cell(_signed(gap.gap_pj), gap.gap_pj),
            Cell(
                format_share(divided(abs(gap.gap_pj), whole)),
                abs(gap.gap_pj),
                divided(abs(gap.gap_pj), whole),
            ),
        )
        for gap in told.energy
        if gap.reference_pj or gap.other_pj
    )
    return Table(
        f"Energy of {told.workload}: {told.other} against {told.reference}", columns, rows, "per inference"
    )


def station_gap_table(told: Difference) -> Table:
    """Which stations set the pace: the longest of each column is the bottleneck."""
    names = (told.reference, told.other)
    columns = (
        Column("stations"),
        *(Column(name, True) for name in names),
        *(Column(f"busiest of {name}", wide=True) for name in names),
    )
    most = [max((getattr(gap, side) or 0 for gap in told.stations), default=0) for side in _SIDES]
    rows = tuple(
        (
            Cell(gap.family),
            *(
                Cell(
                    format_ps(round(ps)) if ps is not None else "–",
                    ps or 0,
                    tone="warn" if ps and ps == top else "",
                )
                for ps, top in zip((gap.reference_ps, gap.other_ps), most, strict=True)
            ),
            Cell(gap.reference_station),
            Cell(gap.other_station),
        )
        for gap in told.stations
    )
    title = f"Pace of {told.workload}: {told.other} against {told.reference}"
    return Table(title, columns, rows, "per inference")


def difference_words(found: Comparison, told: Difference) -> tuple[str, ...]:
    """The differences in sentences: how much, and what makes it."""
    entries = {entry.chip: entry for entry in found.of(told.workload)}
    energy = [entries[name].figures["energy_pj"] for name in (told.reference, told.other)]
    per_s = [entries[name].figures["throughput_per_s"] for name in (told.reference, told.other)]
    words = []
    if isinstance(energy[0], float) and isinstance(energy[1], float) and energy[0]:
        whole = sum(abs(gap.gap_pj) for gap in told.energy) or 1.0
        causes = [
            f"{gap.family} {_signed(gap.gap_pj)}"
            for gap in told.energy[:_TOLD]
            if abs(gap.gap_pj) > _LIKE_TOTAL * whole
        ]
        words.append(f"{_times(energy[1] / energy[0])} the energy of {told.reference}: {', '.join(causes)}")
    if isinstance(per_s[0], float) and isinstance(per_s[1], float) and per_s[0]:
        paces = [
            _pace(str(entries[name].figures["bottleneck"] or "")) for name in (told.reference, told.other)
        ]
        words.append(
            f"{_times(per_s[1] / per_s[0])} the throughput of {told.reference}: its pace is that of {paces[1]}, there "
            f"of {paces[0]}"
        )
    return tuple(f"{told.other}, {told.workload}: {word}" for word in words)


def _pace(bottleneck: str) -> str:
    """The stations that serve longest, by the last part of their paths."""
    names = [path.strip().rpartition(".")[2] for path in bottleneck.split(",") if path]
    return " and ".join(dict.fromkeys(names)) if len(names) < 3 else f"{', '.join(names)} in step"


def _times(ratio: float) -> str:
    return f"{format_number(ratio)} times"


def _signed(energy_pj: float) -> str:
    return f"{'+' if energy_pj >= 0 else '−'}{format_pj(abs(energy_pj))}"


def comparison_figures(found: Comparison) -> tuple[Figure, ...]:
    """The best chip for each figure, of the first network."""
    told = []
    for name in shown(found):
        entries = [e for e in found.of(found.workloads[0]) if e.figures[name] is not None]
        best = _best(found, found.workloads[0]).get(name)
        winner = next((entry for entry in entries if entry.figures[name] == best), None)
        if winner is not None:
            label = f"{'Least' if BY_NAME[name].better == 'less' else 'Most'} {words_of(name)}"
            told.append(Figure(label, format_figure(name, best), f"{winner.chip} with {winner.workload}"))
    return tuple(told)


# --- for other programs ------------------------------------------------------------------------


def as_csv(found: Comparison) -> str:
    """All figures, plain numbers in the units of their names."""
    out = io.StringIO()
    names = [figure.name for figure in FIGURES]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["chip", "workload", *names, "error"])
    for entry in found.entries:
        writer.writerow([entry.chip, entry.workload, *(entry.figures[name] for name in names), entry.error])
    return out.getvalue()


def as_json(found: Comparison) -> str:
    entries = [_of_entry(entry) | {"fitted": _fitted(entry)} for entry in found.entries]
    gaps = [
        {
            "workload": told.workload,
            "reference": told.reference,
            "other": told.other,
            "energy_pj": {gap.family: gap.gap_pj for gap in told.energy},
            "service_ps": {gap.family: [gap.reference_ps, gap.other_ps] for gap in told.stations},
        }
        for told in found.differences
    ]
    varied = [
        {"set": one.label, "to": one.value, "entries": [_of_entry(entry) for entry in one.entries]}
        for one in found.variations
    ]
    told = {"scenario": found.scenario, "entries": entries, "differences": gaps, "varied": varied}
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def _of_entry(entry: Entry) -> dict[str, object]:
    return {
        "chip": entry.chip,
        "workload": entry.workload,
        "figures": dict(entry.figures),
        "error": entry.error or None,
    } | ({"accuracy": asdict(entry.accuracy)} if entry.accuracy is not None else {})


def _fitted(entry: Entry) -> dict[str, list[str]]:
    return {key: list(to) for key, to in entry.result.calibrated.items()} if entry.result else {}


def as_markdown(found: Comparison) -> str:
    header, marks, *rows = _text_rows(found, bold=lambda text: f"**{text}**")
    lines = [header, ["--:" if mark else "---" for mark in marks], *rows]
    return (
        "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
        + "\n"
    )


def as_latex(found: Comparison) -> str:
    """A tabular for a paper, with booktabs' rules."""
    header, marks, *rows = _text_rows(found, bold=lambda text: rf"\textbf{{{text}}}", escape=_latex)
    lines = [
        rf"\begin{{tabular}}{{{''.join('r' if mark else 'l' for mark in marks)}}}",
        r"\toprule",
        " & ".join(header) + r" \\",
        r"\midrule",
        *(" & ".join(row) + r" \\" for row in rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _text_rows(
    found: Comparison, bold: Callable[[str], str], escape: Callable[[str], str] = str
) -> list[list[str]]:
    """Header, which columns are numbers ("1" or ""), and the rows; what is the best is bold."""
    table = comparison_table(found)
    rows = [
        [escape(column.title) for column in table.columns],
        ["1" if c.number else "" for c in table.columns],
    ]
    for row in table.rows:
        texts = [(escape(cell.text), cell.tone) for cell in row]
        rows.append([bold(text) if tone == "good" else text for text, tone in texts])
    return rows


def _latex(text: str) -> str:
    special = {"µ": r"$\mu$", "²": r"$^2$", "×": r"$\times$", "≥": r"$\geq$", "≤": r"$\leq$", "–": "--"} | {
        c: f"\\{c}" for c in "%&_#$"
    }
    return "".join(special.get(c, c) for c in text)
