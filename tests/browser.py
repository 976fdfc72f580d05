"""A headless Chromium that opens pages as a reader's does, where one is installed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser of Playwright's. Skips the test, with the reason, where browser or Playwright are not installed."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"no browser is installed ({', '.join(NAMES)}): apt-get install chromium")
    sync_api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class Opened:
    """A page in the browser, and what went wrong on it.

    troubles: errors on the console, uncaught ones, and everything that was asked of the network.
    """

    def __init__(self, browser: Any, path: Path, width: int = 1180, scheme: str = "light"):
        self.page = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme
        ).new_page()
        self.troubles: list[str] = []
        self.page.on(
            "console", lambda told: self.troubles.append(told.text) if told.type == "error" else None
        )
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("request", lambda asked: self._ask(asked.url))
        self.page.goto(path.as_uri())

    def _ask(self, url: str) -> None:
        if not url.startswith(("file:", "data:")):
            self.troubles.append(f"asks for {url}")

    @property
    def overflow_px(self) -> int:
        """How much wider than the window the page is."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        return width

    def color(self, selector: str, of: str) -> str:
        told: str = self.page.eval_on_selector(selector, f"(part) => getComputedStyle(part).{of}")
        return told
