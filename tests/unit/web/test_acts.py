"""What people do by the pages is on the record: every route that is sent a form, done for real."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from connector.records import Role
from connector.store import ledger
from tests.unit.web.acting import ACTS, UNRECORDED, Act, newest
from tests.unit.web.site import PUBLIC_URL, Browser, Site
from tests.unit.web.test_isolation import OWNED

WHO = ("by", "asked_by")
KINDS = ("admin", "feedback", "accessed")


def test_every_route_of_the_pages_that_is_sent_forms_is_done_here() -> None:
    """A new one must be put into ``ACTS`` with a form that it takes, or into ``UNRECORDED`` with the reason."""
    sent = {endpoint for endpoint, rule in OWNED.items() if rule.method == "POST"}
    done = [act.endpoint for act in ACTS]
    assert sorted([*done, *UNRECORDED]) == sorted(sent)


def test_whatever_is_done_by_the_pages_is_on_the_record(live: Site) -> None:
    """Each act adds an entry of the ledger that says who it was."""
    live.app.config["WTF_CSRF_ENABLED"] = False  # what is tested here lies behind it
    boss = live.as_a(Role.OWNER, live.tenant_of("101"), "Boss")
    silent = {act.endpoint: said for act in ACTS if (said := _unrecorded(live, boss, act)) is not None}
    assert not silent, "\n".join(f"{endpoint}: {said}" for endpoint, said in silent.items())


def _unrecorded(site: Site, boss: Browser, act: Act) -> str | None:
    """Do it; return what the page said, None where an entry names who did it."""
    act.before(site)
    address, before = _address(site, act), newest(site)
    answer = boss.client.post(address, data=_typed(site, act.form), base_url=PUBLIC_URL)
    act.after(site)
    named = [
        body for body in _bodies(site, before) if any(str(body.get(who, "")).startswith("Boss (user ") for who in WHO)
    ]
    if answer.status_code in (200, 302) and named:
        return None
    with boss.client.session_transaction(base_url=PUBLIC_URL) as held:
        flashed = held.pop("_flashes", "nothing")
    return f"answered {answer.status_code}, said {flashed}, entered {_bodies(site, before)}"


def _typed(site: Site, form: Mapping[str, Any]) -> dict[str, Any]:
    """A form's fields: texts as they are or as the site says, a file's content as a file."""
    typed = {name: value(site, "101") if callable(value) else value for name, value in form.items()}
    if "file" in form:
        typed["file"] = (io.BytesIO(typed["file"].encode()), "sheet.csv")
    return typed


def _address(site: Site, act: Act) -> str:
    values: dict[str, Any] = act.of(site) if act.of else dict(OWNED[act.endpoint].of(site, "101"))
    if "connection_id" in values:
        # The rule asks the start page, which leads elsewhere once setting up is over.
        values["connection_id"] = site.connection("101").id
    with site.app.test_request_context():
        return site.app.url_for(act.endpoint, **values)


def _bodies(site: Site, after: int) -> list[Mapping[str, Any]]:
    """What the entries say that people's acts left since."""
    with site.world.services.store.reading() as session:
        found = [entry for kind in KINDS for entry in ledger.span(session, site.tenant_of("101"), kind)]
    return [entry.body for entry in found if entry.seq > after and entry.body]
