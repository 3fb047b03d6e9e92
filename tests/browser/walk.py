"""Each page looked at once, in every width and theme: what is wrong with it, how large and how slow it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Literal

from playwright.sync_api import BrowserContext, Page

from tests.browser.chrome import Watch, watched

WIDTHS: Sequence[int] = (360, 1280, 3840)
THEMES: Sequence[Literal["light", "dark"]] = ("light", "dark")
LOOKED_INTO = ((360, "light"), (1280, "dark"))
"""Where axe looks: between them they have both themes, and the layout of small and of large windows."""
MOST_BYTES = 150 * 1024
MOST_MS = 1_000
_TRIES = 3
_HEIGHT = 900

# Without an answer of its own: the whole library would be handed back otherwise.
_AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8") + "\n;null"


@dataclass
class Seen:
    """What was seen of one page; every list is empty where all is well."""

    status: int
    bytes: int = 0
    interactive_ms: float = 0.0
    complaints: Sequence[str] = ()
    wider: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


def walk(context: BrowserContext, origin: str, paths: Iterable[str]) -> dict[str, Seen]:
    """Show each path, in every width and theme."""
    found = {}
    for path in paths:
        # A page of its own: nothing of one is taken for the next one's.
        with watched(context, origin) as (page, watch):
            found[path] = _look(page, watch, origin + path)
    return found


def _look(page: Page, watch: Watch, address: str) -> Seen:
    answer = page.goto(address)
    assert answer
    seen = Seen(answer.status, watch.size(), page.evaluate("probe.interactive()"))
    for _ in range(_TRIES - 1):
        # How fast the machine is at this moment is not on trial.
        if seen.interactive_ms > MOST_MS:
            page.reload()
            seen.interactive_ms = min(seen.interactive_ms, page.evaluate("probe.interactive()"))
    page.evaluate(_AXE)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": _HEIGHT})
        for theme in THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            said = f"{width} px, {theme}: "
            seen.wider += [said + one for one in page.evaluate("probe.wider()")]
            if (width, theme) in LOOKED_INTO:
                seen.violations += [said + one for one in page.evaluate("probe.violations()")]
    # The page's own answer with its status is what was asked for.
    seen.complaints = [one for one in watch.complaints if not (f"status of {answer.status}" in one and address in one)]
    return seen
