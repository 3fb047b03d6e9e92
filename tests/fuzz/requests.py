"""One request for each number: near enough to a real one to come far, and bent somewhere."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from connector.adapters.hubspot import webhooks as hubspot
from connector.adapters.mailchimp import webhooks as mailchimp
from connector.adapters.salesforce import webhooks as salesforce
from tests.fuzz.values import CONTENT_TYPES, TEXTS, bent, value, written
from tests.world import NOW


@dataclass(frozen=True, slots=True)
class Target:
    """What a request must know to come in at all: addresses, secrets, ids that exist."""

    public_url: str
    client_secret: str
    hook_paths: Mapping[str, str]
    hook_secrets: Mapping[str, str]
    site_key: str
    site_secret: str
    origin: str
    state: Callable[[], str]
    connection_id: str
    lead_ids: Sequence[int]


@dataclass(frozen=True, slots=True)
class Call:
    """A request, ready to be sent. ``signed_in``: with the owner's cookie."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    signed_in: bool = False


def make(chance: random.Random, target: Target) -> Call:
    """Return one request."""
    call = chance.choice(_KINDS)(chance, target)
    return _shaken(chance, call) if chance.random() < 0.15 else call


def _shaken(chance: random.Random, call: Call) -> Call:
    """Spoil what surrounds a request: its method, type, cookie or encoding."""
    headers = dict(call.headers)
    what = chance.randrange(5)
    if what == 0:
        return Call(
            chance.choice(("PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE")), call.path, headers, call.body
        )
    if what == 1:
        headers["Content-Type"] = chance.choice(CONTENT_TYPES)
    elif what == 2:
        headers["Cookie"] = "__Host-connector=" + quote(chance.choice(TEXTS), errors="replace")
    elif what == 3:
        headers["Content-Encoding"] = chance.choice(("gzip", "deflate", "br", "identity", "x" * 500))
    else:
        headers["X-Request-Id"] = quote(chance.choice(TEXTS), errors="replace")
    return Call(call.method, call.path, headers, call.body, call.signed_in)


def _stamp(chance: random.Random, right: str) -> str:
    return right if chance.random() < 0.9 else quote(str(value(chance, 0)), errors="replace")[:200]


def _hubspot(chance: random.Random, target: Target) -> Call:
    events = [_hubspot_event(chance) for _ in range(chance.randrange(4))]
    body = written(chance, events if chance.random() < 0.9 else value(chance))
    stamp = _stamp(chance, str(int(NOW.timestamp() * 1000)))
    url = f"{target.public_url}/webhooks/hubspot"
    signature = hubspot.signature(target.client_secret, "POST", url, body, stamp)
    if chance.random() < 0.05:
        signature = quote(chance.choice(TEXTS), errors="replace")
    headers = {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": stamp}
    return Call("POST", "/webhooks/hubspot", {**headers, "Content-Type": "application/json"}, body)


def _card(chance: random.Random, target: Target) -> Call:
    """A card inside HubSpot, signed over the address that arrives."""
    record = str(chance.choice((1000, 1001, 0, 2**63, *TEXTS)))
    place = chance.choice((f"/records/{record}", f"/records/{record}/thumbs", "/account"))
    who = {"portalId": chance.choice((4711, 4711, 1)), "userId": 7, "userEmail": "rep@firm.example", "appId": 1}
    query = _query(chance, bent(chance, who) if chance.random() < 0.3 else who)
    address = f"/cards/hubspot{place}"
    posted = place.endswith("thumbs") or chance.random() < 0.1
    said = bent(chance, {"thumb": chance.choice(("up", "down")), "reason": chance.choice(("fits", "other"))})
    body = written(chance, said if chance.random() < 0.9 else value(chance)) if posted else b""
    stamp = _stamp(chance, str(int(NOW.timestamp() * 1000)))
    method = "POST" if posted else "GET"
    url = f"{target.public_url}{address}?{query}".encode("utf-8", "replace").decode()
    signature = hubspot.signature(target.client_secret, method, url, body, stamp)
    headers = {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": stamp}
    return Call(method, f"{quote(address, errors='replace')}?{query}", headers, body)


def _hubspot_event(chance: random.Random) -> Any:
    kinds = "creation propertyChange deletion privacyDeletion merge associationChange restore".split()
    event = {
        "eventId": chance.randrange(100),
        "subscriptionId": 1,
        "portalId": chance.choice((4711, "4711", 1)),
        "appId": 1,
        "occurredAt": int(NOW.timestamp() * 1000) - chance.randrange(10**6),
        "subscriptionType": f"{chance.choice(('contact', 'deal', 'company', 'object'))}.{chance.choice(kinds)}",
        "objectId": chance.randrange(10_000),
        "propertyName": "city",
        "propertyValue": "Porto",
        "mergedObjectIds": [1, 2],
        "newObjectId": 3,
        "associationType": "DEAL_TO_CONTACT",
        "fromObjectId": 1,
        "toObjectId": 2,
    }
    return bent(chance, event) if chance.random() < 0.9 else value(chance)


def _salesforce(chance: random.Random, target: Target) -> Call:
    records = [
        bent(chance, {"id": "00Q5e000001AbCdEAK", "event": "updated", "at": NOW.isoformat()})
        for _ in range(chance.randrange(4))
    ]
    body = written(chance, bent(chance, {"records": records}) if chance.random() < 0.9 else value(chance))
    stamp = _stamp(chance, str(int(NOW.timestamp())))
    signature = salesforce.signature(target.hook_secrets["salesforce"], stamp, body)
    headers = {"X-Lead-Score-Timestamp": stamp, "X-Lead-Score-Signature": signature}
    return Call("POST", _near(chance, target.hook_paths["salesforce"]), headers, body)


def _card_call(chance: random.Random, target: Target) -> Call:
    """The package in an org asks for a card, or passes a thumb on."""
    said = {"record": chance.choice(("00Q5e000001AbCdEAK", "1000", *TEXTS)), "user": "0055e000001AbCdEAK"}
    if chance.random() < 0.5:
        said |= {"thumb": chance.choice(("up", "down")), "reason": chance.choice(("fits", "other")), "note": "x"}
    body = written(chance, bent(chance, said) if chance.random() < 0.9 else value(chance))
    stamp = _stamp(chance, str(int(NOW.timestamp())))
    signature = salesforce.signature(target.hook_secrets["salesforce"], stamp, body)
    headers = {"X-Lead-Score-Timestamp": stamp, "X-Lead-Score-Signature": signature}
    path = _near(chance, target.hook_paths["salesforce"]) + chance.choice(("/card", "/thumb"))
    return Call("POST", path, headers, body)


def _mailchimp(chance: random.Random, target: Target) -> Call:
    kind = chance.choice("subscribe unsubscribe profile cleaned upemail campaign".split())
    form = bent(
        chance,
        {
            "type": kind,
            "fired_at": "2026-03-01 11:00:00",
            "data[id]": "8a25ff1d98",
            "data[list_id]": "a6b5da1054",
            "data[email]": "ana@firm.example",
            "data[new_email]": "ana@other.example",
        },
    )
    body = urlencode([(str(name), str(told)) for name, told in form.items()], errors="replace").encode()
    if chance.random() < 0.1:
        body += chance.choice((b"&\xff=%ff", b"&" * 2_000, b"%", b"&data[email]=%00", b"\0"))
    stamp = _stamp(chance, str(int(NOW.timestamp())))
    signature = mailchimp.signature(target.hook_secrets["mailchimp"], stamp, body)
    headers = {"X-Mailchimp-Signature": f"t={stamp},v1={signature}"}
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    return Call("POST", _near(chance, target.hook_paths["mailchimp"]), headers, body)


def _near(chance: random.Random, path: str) -> str:
    if chance.random() < 0.93:
        return path
    return path[: -chance.randrange(1, 40)] + quote(chance.choice(TEXTS), errors="replace")


def _callback(chance: random.Random, target: Target) -> Call:
    state = target.state() if chance.random() < 0.5 else chance.choice(TEXTS)
    query = bent(chance, {"code": chance.choice(("code-1", "code-9")), "state": state})
    if chance.random() < 0.2:
        query["error"] = chance.choice(("access_denied", *TEXTS))
    vendor = chance.choice(("fakecrm", "hubspot", "salesforce", "mailchimp", "nocrm"))
    return Call("GET", f"/oauth/{vendor}/callback?{_query(chance, query)}", signed_in=chance.random() < 0.5)


def _page_events(chance: random.Random, target: Target) -> Call:
    origin = target.origin if chance.random() < 0.9 else quote(chance.choice(TEXTS), errors="replace")
    headers = {"Origin": origin, "Content-Type": "text/plain"}
    return Call("POST", _near(chance, f"/t/{target.site_key}/events"), headers, _batch(chance))


def _server_events(chance: random.Random, target: Target) -> Call:
    secret = target.site_secret if chance.random() < 0.9 else quote(chance.choice(TEXTS), errors="replace")
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    return Call("POST", "/api/track", headers, _batch(chance))


def _batch(chance: random.Random) -> bytes:
    event = {
        "id": f"event-{chance.randrange(10**6):06}",
        "type": chance.choice(("page", "event", "form", "download", "identify")),
        "path": "/pricing",
        "name": "Trial started",
        "email": "p1@firm1.com",
        "at": NOW.isoformat(),
        "utm": {"campaign": "spring"},
        "referrer": "www.example.com",
    }
    events = [bent(chance, event) if chance.random() < 0.9 else value(chance) for _ in range(chance.randrange(4))]
    batch = bent(chance, {"events": events, "visitor": "visitor-0001", "sent_at": NOW.isoformat()})
    return written(chance, batch if chance.random() < 0.9 else value(chance))


def _page(chance: random.Random, target: Target) -> Call:
    lead = chance.choice((*target.lead_ids, 0, 2**63, 10**30))
    path = chance.choice(
        (
            "/",
            "/leads",
            "/leads",
            "/people",
            "/model",
            "/model/card",
            "/publication",
            "/tracking",
            "/access",
            f"/leads/{lead}",
            f"/leads/{lead}/waterfall.svg",
            f"/leads/{lead}/changes/{chance.choice((1, 0, 2**63, 10**30))}",
            f"/connections/{target.connection_id}",
            "/join/" + quote(chance.choice(TEXTS), safe="", errors="replace"),
            "/webhooks/mailchimp/" + quote(chance.choice(TEXTS), safe="", errors="replace"),
            "/t/" + quote(chance.choice(TEXTS), safe="", errors="replace") + ".js",
            "/" + quote(chance.choice(TEXTS), errors="replace"),
        )
    )
    after = chance.choice(("50.0~1", "NaN~1", "Infinity~1", "1e99999~1", f"1~{10**30}", "~", *TEXTS))
    query = bent(chance, {"tier": chance.choice(("Low", "High-Intent", *TEXTS)), "after": after})
    return Call("GET", f"{path}?{_query(chance, query)}", signed_in=chance.random() < 0.8)


def _form(chance: random.Random, target: Target) -> Call:
    """A form of a signed-in owner whose token is right, filled in by somebody careless."""
    actions = {
        "/access/invitations": {"name": "Bea", "role": "viewer"},
        "/publication/settings": {"delivery": "on", "overwritten": "restore", "first_records": "", "nightly_cap": "5"},
        f"/publication/{target.connection_id}/approve": {"first_records": "10"},
        f"/connections/{target.connection_id}/options": {"name": "greeting", "value": "hello"},
        f"/connections/{target.connection_id}/dead-letters": {"record": "1"},
        f"/connections/{target.connection_id}/overwritten": {"record": "1"},
        "/tracking/sites": {"name": "Shop", "origins": "https://shop.example.com"},
        "/people/1/apart": {},
        "/oauth/fakecrm/start": {"login": "live", "own_login": "", "invitation": ""},
        "/oauth/salesforce/start": {"login": "production", "own_login": "a.my.salesforce.com"},
    }
    path = chance.choice(list(actions))
    fields = bent(chance, actions[path])
    body = urlencode([(str(name), str(told)) for name, told in fields.items()], errors="replace").encode()
    return Call("POST", path, {"Content-Type": "application/x-www-form-urlencoded"}, body, signed_in=True)


def _query(chance: random.Random, told: Mapping[str, Any]) -> str:
    query = urlencode([(str(name), str(item)) for name, item in told.items()], errors="replace")
    return (
        query if chance.random() < 0.9 else query + chance.choice(("&%ff=%fe", "&&&=", "%", "&a[]=1", "#x", "&\x7f=1"))
    )


_KINDS = (
    _hubspot,
    _hubspot,
    _card,
    _card_call,
    _salesforce,
    _salesforce,
    _mailchimp,
    _mailchimp,
    _callback,
    _page_events,
    _page_events,
    _server_events,
    _page,
    _page,
    _form,
)
