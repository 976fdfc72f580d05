"""The tables as Markdown."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]

# Whole runs of other tools, for orientation: other chips, other questions, a comparable machine elsewhere.
ELSEWHERE = [
    ("MNSIM 2.0", "VGG-8", 2.6, "1.0 GiB"),
    ("NeuroSim 1.4", "VGG-8", 80.0, ""),
    ("NeuroSim 1.4", "ResNet-18", 276.0, ""),
    ("PIMCOMP + PIMSIM-NN", "ResNet-18", 42.0, "5 GiB"),
    ("IBM 3D-CiM simulator", "BERT-base, 32 tokens", 24.0, ""),
    ("IBM 3D-CiM simulator", "BERT-base, 128 tokens", 115.0, "5.2 GiB"),
    ("RAMwich", "MLP of 4 layers", 4.3, ""),
]


def markdown(results: Row) -> str:
    """All tables, those that were measured."""
    tables = results["tables"]
    parts = [f"Measured on {results['measured']}: {results['machine']}."]
    for name, title, table in (
        ("processes", "Whole processes, start-up included", _processes),
        ("points", "A design point in a warm process", _points),
        ("engines", "Compiled engine against the reference", _engines),
        ("events", "Services per second", _events),
        ("growth", "Growth", _growth),
        ("analog", "A noisy product on memory cells, 512 x 512, 64 vectors", _analog),
        ("studies", "A sweep: VGG-8 on 256 cores, from its saved trace (benchmarks/vgg8.yaml)", _studies),
        ("queries", "Questions to a store of points", _queries),
        (
            "searches",
            "Searches beside random points, five seeds: the part of the whole grid's hypervolume",
            _searches,
        ),
        ("lifetime", "Years of a chip, 1,000 requests a second, a correction every 300 s", _lifetime),
        ("training", "The pulsed update of an array, 512 x 512, a sample of 64", _training),
    ):
        if name in tables:
            parts += [f"### {title}", table(tables[name])]
            parts += [_elsewhere()] if name == "processes" else []
    return "\n\n".join(parts) + "\n"


def _table(heads: list[str], rows: list[list[str]]) -> str:
    """Names to the left, numbers to the right."""
    numbers = [all(row[i][:1].isdigit() for row in rows if row[i]) for i in range(len(heads))]
    rule = ["--:" if number else "---" for number in numbers]
    return "\n".join("| " + " | ".join(row) + " |" for row in [heads, rule, *rows])


def _processes(rows: list[Row]) -> str:
    told = [
        [f"`xbarsim {r['command']}`", seconds(r["wall_s"]), seconds(r["cpu_s"]), f"{r['peak_mib']:.0f} MiB"]
        for r in rows
    ]
    return _table(["command", "wall clock", "processor", "peak memory"], told)


def _elsewhere() -> str:
    rows = [[tool, network, seconds(wall_s), memory] for tool, network, wall_s, memory in ELSEWHERE]
    return (
        "For orientation, measured elsewhere on a comparable machine (each tool answers a question of its own, on "
        "chips of its own):\n\n" + _table(["tool", "network", "wall clock", "peak memory"], rows)
    )


def _points(rows: list[Row]) -> str:
    told = [[r["network"], r["chip"], seconds(r["least_s"]), seconds(r["first_s"])] for r in rows]
    return _table(["network", "chip", "each", "the first"], told)


def _engines(rows: list[Row]) -> str:
    told = [
        [
            r["network"],
            r["chip"],
            f"{r['latency_ps'] / 1e6:,.1f} µs",
            seconds(r["run_burst_s"]),
            seconds(r["run_mvm_s"]),
            f"{r['run_mvm_s'] / r['run_burst_s']:.0f} ×",
            seconds(r["point_burst_s"]),
            f"{r['point_mvm_s'] / r['point_burst_s']:.1f} ×",
        ]
        for r in rows
    ]
    heads = [
        "network",
        "chip",
        "latency, equal",
        "run, burst",
        "run, mvm",
        "sooner",
        "point, burst",
        "sooner",
    ]
    return _table(heads, told)


def _events(rows: list[Row]) -> str:
    ready = sorted({r["ready"] for r in rows})
    rate = {(r["what"], r["ready"]): r["per_s"] for r in rows}
    told = []
    for name in dict.fromkeys(r["what"] for r in rows):
        rates = [rate[name, n] for n in ready]
        told.append([name, *(f"{each / 1e6:.3g} M" for each in rates), f"{rates[-1] / rates[0]:.2f}"])
    return _table(["", *(f"{n:,} ready" for n in ready), "last to first"], told)


def _growth(rows: list[Row]) -> str:
    told = [[r["what"], f"{r['size']:,}", seconds(r["seconds"]), f"{r['peak_mib']:.0f} MiB"] for r in rows]
    return _table(["what grows", "size", "time", "peak memory of the process"], told)


def _analog(rows: list[Row]) -> str:
    management = {"none": "cut", "iterative": "done again with smaller inputs"}
    told = [
        [
            management[r["bounds"]],
            str(r["threads"]),
            str(r["vectors"]),
            seconds(r["analog_s"]),
            seconds(r["linear_s"]),
            f"{r['analog_s'] / r['linear_s']:.1f} ×",
            f"{r['analog_s'] / r['linear_s'] * 64 / r['vectors']:.1f} ×",
        ]
        for r in rows
    ]
    heads = [
        "outputs beyond the ADC's range",
        "threads",
        "vectors",
        "analog",
        "`nn.Linear`",
        "longer",
        "each vector",
    ]
    return _table(heads, told)


def _training(rows: list[Row]) -> str:
    told = [
        [
            f"{r['pulses_a_cell']:.3f}",
            r["noise"],
            f"{r['update_us']:.1f} µs",
            f"{r['outer_us']:.1f} µs",
            f"{r['ratio']:.1f} ×",
        ]
        for r in rows
    ]
    return _table(["pulses a cell", "noise, in steps", "pulsed", "dense outer product", "longer"], told)


def _lifetime(rows: list[Row]) -> str:
    told = [
        [
            r["life"],
            f"{r['requests']:,}",
            f"{r['corrections']:,}",
            seconds(r["jumps_s"]),
            lasting(r["whole_s"]),
            f"{two_digits(r['whole_s'] / r['jumps_s']):,} ×",
        ]
        for r in rows
    ]
    heads = [
        "life",
        "requests",
        "corrections",
        "by jumps",
        "every request, at the pace of 20 s of life",
        "sooner",
    ]
    return _table(heads, told)


def _studies(rows: list[Row]) -> str:
    told = [
        [
            f"{r['points']:,}",
            seconds(r["cpu_s"]),
            *(f"{r['points'] / r[by]:.1f}" for by in ("one_s", "two_s")),
            seconds(r["two_s"]),
            f"{r['one_s'] / r['two_s'] / 2:.2f}",
        ]
        for r in rows
    ]
    heads = [
        "points",
        "processor, each",
        "a second, 1 worker",
        "a second, 2 workers",
        "2 workers",
        "efficiency",
    ]
    return _table(heads, told)


def _searches(rows: list[Row]) -> str:
    told = [
        [
            r["study"],
            f"{r['points']} of {r['of']:,}",
            sampler,
            f"{sum(found) / len(found):.3f}",
            f"{min(found):.3f}",
        ]
        for r in rows
        for sampler, found in r["shares"].items()
    ]
    return _table(["study", "points", "sampler", "mean", "least"], told)


def _queries(rows: list[Row]) -> str:
    told = [
        [
            f"{r['rows']:,}",
            f"{r['mib']:.0f} MiB",
            f"{r['front']:,}",
            seconds(r["front_s"]),
            seconds(r["group_s"]),
        ]
        for r in rows
    ]
    return _table(["points", "on the disk", "best by three goals", "found in", "grouped by SQL in"], told)


def seconds(time_s: float) -> str:
    """Three digits, in the unit that reads best."""
    if time_s < 1:
        return f"{time_s * 1e3:.3g} ms"
    return f"{time_s:.3g} s" if time_s < 100 else f"{time_s:.0f} s"


def lasting(time_s: float) -> str:
    """Also what nobody waits for."""
    days = time_s / 86_400
    return (
        f"{days:,.3g} days" if days >= 1 else f"{time_s / 3600:.3g} h" if time_s >= 3600 else seconds(time_s)
    )


def two_digits(ratio: float) -> int:
    """Of a number above 10, as more are not known."""
    return int(float(f"{ratio:.2g}"))
