"""Pages become smaller where they are too much to answer, and grow back."""

from __future__ import annotations

import pytest

from connector.adapters.page_sizes import GROWS_AFTER, PageSizes
from connector.errors import RetryLater, VendorFault


def ask(pages: PageSizes, status: int | None = None, connection: str = "one") -> int:
    """Ask for a page that is answered, or refused with a status; return its size."""
    asked = 0
    try:
        with pages.sized(connection, "people", 100) as asked:
            if status is not None:
                raise RetryLater("Later.", fault=VendorFault("crm", "people", status) if status >= 0 else None)
    except RetryLater:
        pass
    return asked


def test_a_page_that_is_too_much_is_halved_until_an_eighth() -> None:
    """A time-out and the vendor's own failures count, each once."""
    pages = PageSizes()
    assert [ask(pages, status) for status in (0, 500, 504, 502, 524)] == [100, 50, 25, 12, 12]


@pytest.mark.parametrize("status", [429, 423, 403, -1])
def test_other_troubles_say_nothing_about_the_size(status: int) -> None:
    """A limit, a lock, or our own governor's no."""
    pages = PageSizes()
    ask(pages, status)
    assert ask(pages) == 100


def test_it_grows_back_after_some_good_pages() -> None:
    """Twice as much each time, and never above the largest."""
    pages = PageSizes()
    ask(pages, 500)
    ask(pages, 500)
    sizes = [ask(pages) for _ in range(3 * GROWS_AFTER)]
    assert sizes == [25] * GROWS_AFTER + [50] * GROWS_AFTER + [100] * GROWS_AFTER


def test_each_account_has_sizes_of_its_own() -> None:
    """One with large records makes nobody else slow."""
    pages = PageSizes()
    ask(pages, 500)
    assert (ask(pages, connection="other"), ask(pages)) == (100, 50)
