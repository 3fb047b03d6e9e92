"""Takes the pictures of the documentation: `make pictures`.

The same journey and the same things of a tenant as in the tests, with more people and with every model.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, ViewportSize

from tests.browser import product
from tests.browser.chrome import chromium
from tests.browser.filling import best_leads, fill, known_to_all
from tests.browser.product import Product

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
CONTACTS = 1_500
WIDTH, HEIGHT = 1280, 800
TALLEST = 1_500
"""Pixels of a picture; what is further down is told in the text beside it."""
SHORT = 760
"""Pixels where the top tells all."""
LARGEST = 2_500_000
"""Bytes of all pictures together."""
JOURNEY = ("readiness", "goal", "lookback", "publication", "go")
"""Pages of setting up, as they are while it is gone through."""


def shown(made: Product) -> Mapping[str, str]:
    """Name of each picture → the page that it shows."""
    return {
        "connection": f"/connections/{made.account('hubspot').id}",
        "leads": "/leads",
        "lead": f"/leads/{best_leads(made.services, made.tenant_id, 1)[0]}",
        "model": "/model",
        "versions": "/model/versions",
        "drift": "/drift",
        "fields": "/fields",
        "kpis": "/kpis",
        "objectives": "/objectives",
        "capacity": "/capacity",
        "feedback": "/feedback",
    }


def take(browser: Browser, made: Product) -> None:
    """Take the pictures of the filled product."""
    owner, stranger = _context(browser, made.signed_in), _context(browser)
    pages = [(name, path, owner) for name, path in shown(made).items()]
    for name, path, context in [("connect", "/", stranger), *pages]:
        page = context.new_page()
        page.goto(made.origin + path)
        picture(page, name)
        page.close()


def inside_crms(browser: Browser, made: Product) -> None:
    """Take the pictures of one lead's records in the sandbox CRMs, by the links of its own page."""
    context = _context(browser, made.signed_in)
    everywhere = known_to_all(made.services, made.tenant_id)
    for crm in product.CRMS:
        page = context.new_page()
        page.goto(f"{made.origin}/leads/{everywhere}")
        page.get_by_role("link", name=f"Open in {made.services.apps[crm].capabilities.label}").click()
        page.wait_for_url(f"{made.stack.sandboxes[crm].origin}/**")
        picture(page, f"record-{crm}", SHORT)
        page.close()


def picture(page: Page, name: str, tallest: int = TALLEST) -> None:
    """Keep what a page shows."""
    tall = min(tallest, page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": WIDTH, "height": tall})
    taken = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    # With a palette: a third of the bytes, and nobody sees it.
    taken.quantize(256, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})


def _of_the_journey(page: Page, name: str) -> None:
    if name in JOURNEY:
        picture(page, name)


def _context(browser: Browser, signed_in: StorageState | None = None) -> BrowserContext:
    size: ViewportSize = {"width": WIDTH, "height": HEIGHT}
    return browser.new_context(storage_state=signed_in, color_scheme="light", viewport=size)


def main() -> None:
    """Start the product, go through the journey, fill it, and take the pictures.

    Raises ``ValueError`` where they are too large together.
    """
    with chromium() as browser, TemporaryDirectory() as folder, product.running(Path(folder), CONTACTS) as stack:
        made = product.journey(stack, stack.start(), _context(browser), read=_of_the_journey)
        fill(made.services, made.tenant_id)
        take(browser, made)
        inside_crms(browser, made)
    together = sum(path.stat().st_size for path in FOLDER.glob("*.png"))
    if together > LARGEST:
        raise ValueError(f"The pictures have {together:,} bytes together; {LARGEST:,} are the most.")
    print(f"The pictures are in {FOLDER}.", file=sys.stderr)


if __name__ == "__main__":
    main()
