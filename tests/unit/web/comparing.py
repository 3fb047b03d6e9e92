"""Two answers of the pages compared: may anybody tell from them whether an id is another's or nobody's?"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event
from werkzeug.test import TestResponse

from connector.store.tables import metadata
from tests.unit.web.site import PUBLIC_URL, Browser, Site


def methods_of(site: Site, endpoint: str) -> list[str]:
    """Every method of a route but the one that only lists them."""
    rules = [rule for rule in site.app.url_map.iter_rules() if rule.endpoint == endpoint]
    return sorted({method for rule in rules for method in rule.methods or ()} - {"OPTIONS"})


@dataclass(frozen=True)
class Answer:
    """What of an answer can tell a foreign id from one that nobody has."""

    status: int
    body: str
    headers: tuple[tuple[str, str], ...]
    statements: int

    def saying(self, one: str, other: str) -> Answer:
        """The same answer with an id in place of another."""
        headers = tuple((name, text.replace(one, other)) for name, text in self.headers)
        return replace(self, body=self.body.replace(one, other), headers=headers)

    def unlike(self, other: Answer) -> list[str]:
        """Where another answer differs."""
        pairs = ((item.name, getattr(self, item.name), getattr(other, item.name)) for item in fields(self))
        return [f"{name}: {_first_difference(repr(mine), repr(its))}" for name, mine, its in pairs if mine != its]


_SIGNED = re.compile(r'(?<=name="csrf_token" value=")[^"]+')
"""Tokens of forms are signed with the second, as the session's cookie is."""


def _first_difference(one: str, other: str) -> str:
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return f"…{one[max(0, at - 30) : at + 60]}… is not …{other[max(0, at - 30) : at + 60]}…"


def answer_of(
    site: Site, browser: Browser, endpoint: str, method: str, values: Mapping[str, Any], form: Mapping[str, Any]
) -> Answer:
    """Ask for a route as somebody; ``form`` goes where the method has it."""
    with site.app.test_request_context():
        path = site.app.url_for(endpoint, **values)
    given: dict[str, Any] = {"query_string": form} if method in ("GET", "HEAD") else {"data": form}
    return heard(site, lambda: browser.client.open(path, method=method, base_url=PUBLIC_URL, **given))


def heard(site: Site, ask: Callable[[], TestResponse], passed_over: Collection[str] = ()) -> Answer:
    """Ask, and return what was answered without what differs each time; ``passed_over``: headers besides."""
    asked: list[str] = []
    engine = site.world.services.store.engine

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    try:
        answer = ask()
    finally:
        event.remove(engine, "before_cursor_execute", count)
    body = _SIGNED.sub("", answer.text).replace(answer.headers["X-Request-Id"], "")
    left_out = {"X-Request-Id", "Date", *passed_over}
    headers = [(name, _steady(name, text)) for name, text in answer.headers.items() if name not in left_out]
    return Answer(answer.status_code, body, tuple(sorted(headers)), len(asked))


def _steady(name: str, text: str) -> str:
    """A session's cookie is signed with the second; what it holds is not asked for here."""
    return text.partition("=")[0] if name == "Set-Cookie" else text


def unused_id(value: object) -> object:
    """An id of the same kind that nobody has."""
    if "~" in str(value):
        return f"{str(value).partition('~')[0]}~987654321"
    return 987_654_321 if isinstance(value, int) else UUID(int=987_654_321)


def contents_of(site: Site, account: str) -> dict[str, list[str]]:
    """Every row of a tenant."""
    tenant = site.tenant_of(account)
    owned = [table for table in metadata.sorted_tables if "tenant_id" in table.c]
    with site.world.services.store.reading() as session:
        return {
            table.name: sorted(map(repr, session.execute(sa.select(table).where(table.c.tenant_id == tenant))))
            for table in owned
        }
