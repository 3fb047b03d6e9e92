"""Numbers, times and events in words that a sales person reads without a manual."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Protocol

from markupsafe import Markup

from connector.records import Actor, EventKind
from connector.services.kpis.shapes import Line
from connector.services.kpis.wording import told
from connector.services.reports.lead import Happening, LedgerLine
from connector.services.reports.model import Figure

_FRACTIONS = ((1, 4), (3, 10), (1, 3), (2, 5), (1, 2), (3, 5), (2, 3), (7, 10), (3, 4), (4, 5), (9, 10))
"""Parts and wholes that people say."""
_NOTHING = "–"


def chance(probability: float) -> str:
    """Return a probability as a fraction of people: "about 1 in 4"."""
    if probability < 0.001:
        return "less than 1 in 1,000"
    if probability > 0.95:
        return "more than 19 in 20"
    if probability < 0.225:
        return f"about 1 in {_round(1 / probability):,}"
    part, whole = min(_FRACTIONS, key=lambda pair: abs(pair[0] / pair[1] - probability))
    return f"about {part} in {whole}"


def _round(count: float) -> int:
    """Two digits are as much as a chance in words can bear."""
    return int(round(count) if count < 100 else round(count, -1 if count < 1000 else -2))


def percent(share: float | None) -> str:
    """Return a share as percent: small ones with a decimal."""
    if share is None:
        return _NOTHING
    return f"{share * 100:.1f} %" if share < 0.1 else f"{share * 100:.0f} %"


def number(value: float | None) -> str:
    """Return a count with thousands parted."""
    return _NOTHING if value is None else f"{value:,.0f}"


def points(score: Decimal) -> str:
    """Return a score of 0–100 with its one decimal."""
    return f"{score:.1f}"


def plain_number(value: Decimal) -> str:
    """Return a number to its last digit, without zeros behind it: as it stands in a CRM's field."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(amount: Decimal, currency: str | None) -> str:
    """Return an amount in whole units, with its currency where that is known."""
    return f"{amount:,.0f} {currency}" if currency else f"{amount:,.0f}"


def signed(log_odds: float) -> str:
    """Return a contribution with its sign: a true minus, two decimals."""
    return f"{log_odds:+.2f}".replace("-", "−")


def figure(value: float | None, unit: str) -> str:
    """Return a measured value in its unit."""
    if value is None:
        return _NOTHING
    if unit == "%":
        return percent(value)
    return f"{value:.1f}×" if unit == "×" else f"{value:.3f}"


def interval(found: Figure, unit: str) -> str:
    """Return the bounds of a figure, "" where it has none."""
    if found.low is None or found.high is None:
        return ""
    return f"{figure(found.low, unit)} to {figure(found.high, unit)}"


def when(at: datetime | None) -> Markup | str:
    """Return a time as a ``<time>`` element, UTC to the minute."""
    if at is None:
        return _NOTHING
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), f"{at:%-d %b %Y, %H:%M} UTC")


def day(at: datetime | None) -> Markup | str:
    """Return a date as a ``<time>`` element."""
    if at is None:
        return _NOTHING
    return Markup('<time datetime="{}">{}</time>').format(at.date().isoformat(), f"{at:%-d %b %Y}")


def plain_day(of: date) -> Markup:
    """Return a day of the week with its date."""
    return Markup('<time datetime="{}">{}</time>').format(of.isoformat(), f"{of:%a, %-d %b}")


def duration(length: timedelta | None) -> str:
    """Return a length of time by its two largest units."""
    if length is None:
        return ""
    seconds = max(round(length.total_seconds()), 0)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


def seconds(value: float) -> str:
    """Return a short stretch of time: milliseconds where it is short, else as ``duration`` says."""
    if value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.1f} s" if value < 60 else duration(timedelta(seconds=value))


_EVENTS: Mapping[EventKind, tuple[str, str]] = {
    EventKind.PAGE_VIEW: ("Visited a page", "Visited {}"),
    EventKind.FORM_SUBMITTED: ("Submitted a form", "Submitted the form “{}”"),
    EventKind.EMAIL_SENT: ("Was sent an e-mail", "Was sent the e-mail “{}”"),
    EventKind.EMAIL_OPENED: ("Opened an e-mail", "Opened the e-mail “{}”"),
    EventKind.EMAIL_CLICKED: ("Clicked a link in an e-mail", "Clicked a link in an e-mail: {}"),
    EventKind.EMAIL_REPLIED: ("Replied to an e-mail", "Replied to the e-mail “{}”"),
    EventKind.EMAIL_BOUNCED: ("An e-mail came back undelivered", "An e-mail came back undelivered: {}"),
    EventKind.UNSUBSCRIBED: ("Unsubscribed", "Unsubscribed: {}"),
    EventKind.MEETING: ("Had a meeting", "Had a meeting: {}"),
    EventKind.CALL: ("Had a call", "Had a call: {}"),
    EventKind.NOTE: ("A note was written", "A note was written: {}"),
    EventKind.TASK: ("A task was set", "A task was set: {}"),
    EventKind.CAMPAIGN_RESPONSE: ("Answered a campaign", "Answered the campaign “{}”"),
    EventKind.ORDER: ("Placed an order", "Placed an order: {}"),
    EventKind.DOWNLOAD: ("Downloaded a file", "Downloaded {}"),
    EventKind.CUSTOM: ("Something else happened", "{}"),
}
"""What a kind of event is called without and with its detail."""
KINDS: Mapping[EventKind, str] = {kind: plain for kind, (plain, _) in _EVENTS.items()}
"""What each kind of event is called."""

_ACTORS = {
    Actor.LEAD: "",
    Actor.SELLER: "by a colleague",
    Actor.MACHINE: "by a machine, such as a mail scanner",
}


def happening(event: Happening) -> str:
    """Return an event as a sentence."""
    return _EVENTS[event.kind][1].format(event.detail) if event.detail else event_kind(event.kind)


def event_kind(kind: EventKind) -> str:
    """Return what happened, without any detail of it."""
    return _EVENTS[kind][0]


def came_from(event: Happening) -> str:
    """Return what led to a visit of the tenant's own site, "" where nothing was told."""
    told = event.arrival
    campaign = told.get("campaign")
    parts = (told.get("referrer") or told.get("source"), f"campaign “{campaign}”" if campaign else None)
    found = [part for part in parts if part]
    return f"from {', '.join(found)}" if found else ""


def actor(event: Happening) -> str:
    """Return who made an event happen, "" for the lead."""
    return _ACTORS[event.actor]


def ledger_line(entry: LedgerLine) -> str:
    """Return a ledger entry as a sentence."""
    if entry.body is None:
        return f"{entry.kind.capitalize()}; what was said then has been erased"
    told = _ENTRIES.get(entry.kind)
    return told(entry.body) if told else entry.kind.capitalize()


def _scored(body: Mapping[str, Any]) -> str:
    word = body.get("by_hand")
    told = f"; told as {word['score']} ({word['tier']}), set by hand" if word else ""
    return f"Scored {body['score']} ({body['tier']}) by {body['model']} ({_name(body['requester'])}){told}"


def _act(body: Mapping[str, Any]) -> str:
    said = _ACTS.get(body.get("action", ""))
    return f"{said} by {_name(body['by'])}" if said else "Admin"


def _thumb(body: Mapping[str, Any]) -> str:
    return f"Thumb {body['thumb']} on {body['score']} ({body['tier']}) by {_name(body['by'])}"


_ENTRIES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "scored": _scored,
    "delivered": lambda body: f"Sent to CRM record {body['record']}: {body['answer'].replace('_', ' ')}",
    "overwritten": lambda body: f"Overwritten by somebody in CRM record {body['record']}: {body['outcome']}",
    "feedback": _thumb,
    "admin": _act,
}
"""What is said of an entry of each kind."""
_ACTS = {"set score by hand": "Score set by hand", "released score": "Score released"}


def _name(by: str) -> str:
    """Who a ledger names, without the number."""
    return by.partition(" (user ")[0]


def goal(name: str, labels: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return what a tenant counts as success: ``deal_won``, ``stage:<value>`` or ``property:<field>=<value>``.

    ``labels``: what the CRMs call values, where that is known.
    """
    kind, _, rest = name.partition(":")
    if kind == "stage":
        return f"reaching the stage “{labels.get(rest, rest)}”"
    field, _, value = rest.partition("=")
    return (
        f"“{field}” becoming “{labels.get(value, value)}”"
        if kind == "property"
        else name.replace("_", " ").capitalize()
    )


_VALUES: Mapping[str, str] = {
    "lead_score": "the score",
    "lead_score_probability": "the chance",
    "lead_score_tier": "the tier",
    "lead_score_reasons": "the reasons",
    "lead_score_model": "which model it is by",
    "lead_score_updated_at": "when it was worked out",
}


def score_value(name: str) -> str:
    """Return what a field gets that the contract calls so (``connector.adapters.contract``)."""
    return _VALUES.get(name, name)


def capitalize_first(text: str) -> str:
    """Return a phrase as it begins a line; the rest keeps its capitals."""
    return text[:1].upper() + text[1:]


class _Verified(Protocol):
    """An account whose sample was read back."""

    verified_at: datetime | None
    verified: Mapping[str, Any] | None


def read_back(account: _Verified) -> Markup | str:
    """Return what a sample of an account found, as a sentence; "" where none was taken."""
    found = account.verified
    if not found:
        return ""
    others = (
        (found["differing"], "held another value"),
        (found["gone"], "are gone"),
        (found["moved"], "were just written anew"),
    )
    rest = "".join(f"; {count:,} {what}" for count, what in others if count)
    told = f"{found['equal']:,} of {found['sampled']:,} random records read back equal on "
    return Markup("{}{}{}.").format(told, when(account.verified_at), rest)


def named(asker: str) -> str:
    """Return the name of who asked for something, without the id by which the ledger tells namesakes apart."""
    return asker.rpartition(" (user ")[0] or asker


def kpi_line(line: Line) -> str:
    """Return the number of a figure's line, or why there is none."""
    return told(line)


def outward(url: str | None) -> str | None:
    """Return an address outside that a link may lead to: one of the web, never a script's."""
    return url if url and url.startswith(("https://", "http://")) else None


FILTERS: Mapping[str, Callable[..., object]] = {
    word.__name__: word
    for word in (
        chance,
        percent,
        number,
        points,
        plain_number,
        money,
        signed,
        figure,
        interval,
        when,
        day,
        plain_day,
        duration,
        seconds,
        happening,
        came_from,
        actor,
        ledger_line,
        goal,
        capitalize_first,
        score_value,
        read_back,
        outward,
        kpi_line,
        named,
    )
}
"""The filters that the templates use, by name."""
