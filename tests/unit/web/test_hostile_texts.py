"""Texts of a CRM and of visitors that attack whoever shows them: shown as they are, and nothing of them runs.

Here the pages are read by an HTML parser; tests/browser shows the same texts in Chromium.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa

from connector.store.tables import leads, ledger, scores
from tests.browser.samples import addresses
from tests.databases import sqlite_store
from tests.unit.web import hostile_columns
from tests.unit.web.hostile import NAMED, PAYLOADS, filled
from tests.unit.web.markup import strange
from tests.unit.web.site import Browser, Site, site
from tests.unit.web.test_walls import OUTSIDE

LEADS = 2 * len(PAYLOADS)


@dataclass
class Attacked:
    """The pages of the hostile tenant, the browser of its owner, and every path that shows something of it."""

    site: Site
    owner: Browser
    paths: list[str]

    @cached_property
    def html(self) -> list[tuple[str, str]]:
        """(path, markup) of each page."""
        answers = [(path, self.owner.get(path)) for path in self.paths]
        # Pages of setting up send on who has gone through it.
        assert {answer.status_code for _, answer in answers} <= {200, 302}
        return [(path, answer.text) for path, answer in answers if answer.mimetype == "text/html"]


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    """A tenant of whom every text is hostile, read, trained on, scored, written and visited."""
    store = sqlite_store(tmp_path_factory.mktemp("hostile") / "web.db")
    made = site(store)
    owner = filled(made)
    yield Attacked(made, owner, _paths(made))
    store.close()


def _paths(made: Site) -> list[str]:
    services, tenant = made.world.services, made.tenant_of("101")
    pages = [path for _, path in addresses(made.app, services, tenant, strict=False)]
    with made.world.services.store.reading() as session:
        scored = session.execute(sa.select(scores.c.lead_id).order_by(scores.c.lead_id).limit(LEADS)).scalars().all()
        others = session.execute(sa.select(leads.c.id).order_by(leads.c.id).limit(LEADS)).scalars().all()
        told = sa.select(ledger.c.lead_id, ledger.c.seq).where(ledger.c.kind == "scored").limit(3)
        compared = [f"/leads/{row.lead_id}/changes/{row.seq}" for row in session.execute(told)]
    pages += [f"/leads/{lead}" for lead in sorted({*scored, *others})]
    return pages + [f"/leads/{lead}/waterfall.svg" for lead in scored[: len(PAYLOADS)]] + compared


class _Read(HTMLParser):
    """What a reader of a page sees, attributes such as the value of a field included."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[str] = []

    def handle_data(self, data: str) -> None:
        self.seen.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen += [value for _, value in attrs if value]


def test_no_text_becomes_markup(attacked: Attacked) -> None:
    """Read by an HTML parser: no element, handler, style or address that the templates do not have."""
    for path, text in attacked.html:
        # A file to be kept brings its own style along, once.
        own = ["<style>"] if path.endswith(".html") else []
        assert strange(text, OUTSIDE) in ([], own), path


def test_every_text_is_shown_as_it_is(attacked: Attacked) -> None:
    """The attack was there to be seen: each payload stands in the pages, letter by letter."""
    read = _Read()
    for _, text in attacked.html:
        read.feed(text)
    shown = "\n".join(read.seen)
    kept = {payload.replace("\0", "�") for payload in PAYLOADS}
    assert {payload for payload in kept if payload not in shown} == set()
    assert all(f"{name}, viewer" in shown for name in NAMED)


def test_pictures_hold_no_script(attacked: Attacked) -> None:
    """The SVG is well-formed and made of shapes and texts alone."""
    for path in attacked.paths:
        if path.endswith(".svg"):
            drawn = ElementTree.fromstring(attacked.owner.get(path).data)  # noqa: S314 - our own answer
            names = {element.tag.rpartition("}")[2] for element in drawn.iter()}
            assert names <= {"svg", "g", "rect", "line", "text", "title", "desc", "path", "tspan", "style"}, path
            assert not any(name.startswith("on") or "href" in name for one in drawn.iter() for name in one.attrib)


def test_every_text_column_is_attacked_or_not_for_others_to_write(attacked: Attacked) -> None:
    """A new column must be put on one of the lists: what others write is attacked, and thereby looked at here."""
    assert hostile_columns.unlisted() == set(), (
        "new text columns: let hostile.py or hostile_words.py fill each with an attack and put it into ENTERED; into "
        "OURS with the reason if nobody else chooses its text (tests/unit/web/hostile_columns.py)"
    )
    known = set(hostile_columns.texts())
    assert hostile_columns.listed(hostile_columns.ENTERED) | hostile_columns.listed(hostile_columns.OURS) <= known
    with attacked.site.world.services.store.reading() as session:
        assert hostile_columns.listed(hostile_columns.ENTERED) - hostile_columns.attacked(session) == set()
