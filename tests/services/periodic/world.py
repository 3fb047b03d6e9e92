"""A tenant whose month is known by counting, and what its reports say in either form."""

from __future__ import annotations

import html
import re

import pypdfium2

from connector.records import Tier
from connector.services.periodic import making, periods
from connector.store import periodic
from connector.store.periodic import Report
from tests.services.kpis.history import DAY, History
from tests.world import NOW

FEBRUARY, JANUARY = "2026-02", "2026-01"


def fill(made: History) -> None:
    """Forty leads of either tier whose 30 days ended in February, of which 12 and 2 converted; ten of January, and
    seven new ones."""
    former = [made.lead(NOW - 90 * DAY) for _ in range(10)]
    made.score(former, NOW - 80 * DAY, Tier.HIGH_INTENT)
    for tier, wins in ((Tier.HIGH_INTENT, 12), (Tier.LOW, 2)):
        leads = [made.lead(NOW - 60 * DAY) for _ in range(40)]
        made.score(leads, NOW - 45 * DAY, tier)
        for lead in leads[:wins]:
            made.win(lead, NOW - 40 * DAY, "10.00")
    fresh = [made.lead(NOW - 9 * DAY) for _ in range(7)]
    made.score(fresh, NOW - 8 * DAY, Tier.HIGH_INTENT)
    made.win(fresh[0], NOW - 2 * DAY, "10.00")


def report(made: History, kind: str) -> Report:
    """The report of the newest period that is over."""
    period = periods.last(making.KINDS[kind].months, made.clock.now())
    return making.make(made.services, made.tenant_id, kind, period)


def as_text(made: History, found: Report) -> tuple[str, str]:
    """What the HTML says, and what the PDF says, as words with single spaces."""
    with made.services.store.reading(made.tenant_id) as session:
        contents = periodic.contents(session, found)
    return _plain(re.sub(r"<[^>]+>", " ", contents.body)), pdf_text(contents.pdf)


def pdf_text(pdf: bytes) -> str:
    """What a reader of the PDF sees."""
    pages = pypdfium2.PdfDocument(pdf)
    return _plain(" ".join(page.get_textpage().get_text_range() for page in pages))


def _plain(text: str) -> str:
    return " ".join(html.unescape(text).replace("\ufffe", "").split())
