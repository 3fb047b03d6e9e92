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
from playwright.sync_api import Browser

from tests.browser import product
from tests.browser.chrome import chromium
from tests.browser.filling import best_leads, fill
from tests.browser.product import Product

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
CONTACTS = 1_500
WIDTH, HEIGHT = 1280, 800
TALLEST = 1_500
"""Pixels of a picture; what is further down is told in the text beside it."""
LARGEST = 1_500_000
"""Bytes of all pictures together."""


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
        "publication": "/publication",
        "kpis": "/kpis",
        "objectives": "/objectives",
        "capacity": "/capacity",
        "feedback": "/feedback",
        "people": "/people",
    }


def take(browser: Browser, made: Product, folder: Path) -> None:
    """Take all pictures; raises ``ValueError`` where they are too large together."""
    owner = browser.new_context(
        storage_state=made.signed_in, color_scheme="light", viewport={"width": WIDTH, "height": HEIGHT}
    )
    stranger = browser.new_context(color_scheme="light", viewport={"width": WIDTH, "height": HEIGHT})
    pages = [(name, path, owner) for name, path in shown(made).items()]
    for name, path, context in [("connect", "/", stranger), *pages]:
        page = context.new_page()
        page.goto(made.origin + path)
        tall = min(TALLEST, page.evaluate("document.documentElement.scrollHeight"))
        page.set_viewport_size({"width": WIDTH, "height": tall})
        _save(page.screenshot(), folder / f"{name}.png")
        page.close()
    together = sum(path.stat().st_size for path in folder.glob("*.png"))
    if together > LARGEST:
        raise ValueError(f"The pictures have {together:,} bytes together; {LARGEST:,} are the most.")


def _save(taken: bytes, path: Path) -> None:
    """Keep a picture with a palette: a third of the bytes, and nobody sees it."""
    picture = Image.open(io.BytesIO(taken)).convert("RGB")
    picture.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


def main() -> None:
    """Start the product, go through the journey, fill it, and take the pictures."""
    with chromium() as browser, TemporaryDirectory() as folder, product.running(Path(folder), CONTACTS) as stack:
        context = browser.new_context()
        made = product.journey(stack, stack.start(), context)
        context.close()
        fill(made.services, made.tenant_id)
        take(browser, made, FOLDER)
    print(f"The pictures are in {FOLDER}.", file=sys.stderr)


if __name__ == "__main__":
    main()
