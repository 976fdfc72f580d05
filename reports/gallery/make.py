"""Makes the README's pictures: `python reports/gallery/make.py`.

HERMES with ResNet-9: where the energy goes, when each layer works, which tile holds what. Ten years of a chip that
corrects itself: accuracy by age, tail latency, wear. With the path of a headless Chromium as an argument, also the top
of the report page: `python reports/gallery/make.py chromium`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import xbarsim as xs
from xbarsim.report.figures import energy_figure, latency_figure
from xbarsim.report.figures_tiles import tile_map_figure
from xbarsim.report.lifetime_figures import accuracy_figure, wear_figure
from xbarsim.report.lifetime_figures import latency_figure as tail_figure
from xbarsim.report.page import write_page

HERE = Path(__file__).parent
LIFE = {"accuracy_by_age": accuracy_figure, "tail_by_policy": tail_figure, "wear_by_policy": wear_figure}
POLICIES = (
    xs.Policy(),
    xs.Policy(300.0),
    xs.Policy(1.0),
    xs.Policy(1.0, order="staggered"),
    xs.Policy(1.0, order="staggered", priority="when idle"),
)
DAY_S, YEAR_S = 86_400.0, 31_557_600.0
AGES_S = (1.0, 3600.0, DAY_S, 30 * DAY_S, YEAR_S, 10 * YEAR_S)
FIGURES = {"energy": energy_figure, "layers": latency_figure, "tiles": tile_map_figure}


def main(browser: str | None) -> None:
    result = xs.simulate(xs.load_chip("hermes64"), xs.load_workload("resnet9_cifar10"))
    for name, draw in FIGURES.items():
        (HERE / f"{name}.svg").write_text(on_white(draw(result)) + "\n", encoding="utf-8")
    life = xs.simulate(
        xs.load_chip("pcm-selfcorrect"),
        xs.load_workload("cnn_digits"),
        xs.Lifetime(xs.Poisson(1000.0), POLICIES, AGES_S, networks=3, tolerance=0.05),
    )
    for name, draw in LIFE.items():
        (HERE / f"{name}.svg").write_text(on_white(draw(life)) + "\n", encoding="utf-8")
    if browser is not None:
        with TemporaryDirectory() as folder:
            photograph(browser, write_page(result, Path(folder) / "page.html"), HERE / "page.png")


def on_white(svg: str) -> str:
    """The figures follow the theme of the page they stand on; alone they need a ground."""
    return svg.replace("<svg ", '<svg style="background:#ffffff" ', 1)


def photograph(browser: str, page: Path, picture: Path) -> None:
    size = ["--window-size=1180,1240", "--hide-scrollbars", "--force-device-scale-factor=1"]
    how = [browser, "--headless", "--no-sandbox", "--disable-gpu", *size, f"--screenshot={picture}"]
    subprocess.run([*how, page.as_uri()], check=True, capture_output=True, timeout=120)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
