"""Values that the org works out itself when a record changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connector.sandbox.salesforce import times
from connector.sandbox.salesforce.definitions import STAGES
from connector.sandbox.salesforce.hub import Hub
from connector.sandbox.salesforce.schema import ObjectDef, Value, Values

RESPONDED = frozenset({"Clicked", "Responded"})
"""The statuses of a campaign's member that this org counts as a response."""

STAGE_FACTS = {name: (chance, closed, won, category, label) for name, chance, closed, won, category, label in STAGES}
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Change:
    """A record as it will be, and which of its values are new."""

    hub: Hub
    values: Values
    given: Values
    now_ms: int


def defaults(of: ObjectDef, author_id: str) -> dict[str, Value]:
    """Return what a new record holds before anyone says anything."""
    values: dict[str, Value] = {each.name: False for each in of.fields.values() if each.type == "boolean"}
    values |= {each.name: each.options[0] for each in of.fields.values() if each.required and each.options}
    if "OwnerId" in of.fields:
        values["OwnerId"] = author_id
    if "Priority" in of.fields:
        values["Priority"] = "Normal"
    return values


def derive(hub: Hub, object_name: str, values: Values, given: Values, now_ms: int) -> dict[str, Value]:
    """Return what follows from a record's ``values``, of which ``given`` are new."""
    rule = RULES.get(object_name)
    return rule(Change(hub, values, given, now_ms)) if rule else {}


def full_name(values: Values) -> str:
    """Return a person's name as the org shows it."""
    return " ".join(str(values[part]) for part in ("FirstName", "LastName") if values.get(part))


def _person(change: Change) -> dict[str, Value]:
    return {"Name": full_name(change.values)}


def stage_facts(stage: Value) -> dict[str, Value]:
    """Return what a stage says of its opportunity; an unknown one is open."""
    chance, closed, won, category, label = STAGE_FACTS.get(str(stage), (50, False, False, "Pipeline", "Pipeline"))
    return {
        "Probability": chance,
        "IsClosed": closed,
        "IsWon": won,
        "ForecastCategory": category,
        "ForecastCategoryName": label,
    }


def _opportunity(change: Change) -> dict[str, Value]:
    if "StageName" not in change.given:
        return {}
    facts = {
        name: value for name, value in stage_facts(change.values.get("StageName")).items() if name not in change.given
    }
    return {**facts, "LastStageChangeDate": change.now_ms}


def _task(change: Change) -> dict[str, Value]:
    closed = change.values.get("Status") == "Completed"
    completed = change.values.get("CompletedDateTime") or change.now_ms
    return {
        "IsClosed": closed,
        "CompletedDateTime": completed if closed else None,
        "TaskSubtype": change.values.get("TaskSubtype") or "Task",
        "AccountId": _account(change.hub, change.values.get("WhoId")),
    }


def _event(change: Change) -> dict[str, Value]:
    start = change.values.get("StartDateTime") or change.values.get("ActivityDateTime") or change.now_ms
    begin = start if isinstance(start, int) else change.now_ms
    minutes = change.values.get("DurationInMinutes")
    length = minutes if isinstance(minutes, int) else 60
    return {
        "StartDateTime": begin,
        "ActivityDateTime": begin,
        "ActivityDate": times.day_of(begin),
        "EndDateTime": begin + length * MINUTE_MS,
        "DurationInMinutes": length,
        "EventSubtype": "Event",
        "AccountId": _account(change.hub, change.values.get("WhoId")),
    }


def _account(hub: Hub, who: Value) -> Value:
    contact = hub.tables["Contact"].rows.get(str(who))
    return contact.get("AccountId") if contact else None


def _member(change: Change) -> dict[str, Value]:
    responded = change.values.get("Status") in RESPONDED
    first = change.values.get("FirstRespondedDate") or (times.day_of(change.now_ms) if responded else None)
    kind = "Contact" if change.values.get("ContactId") else "Lead"
    person = change.hub.tables[kind].rows.get(str(change.values.get(f"{kind}Id")), {})
    return {"HasResponded": responded, "FirstRespondedDate": first, "Type": kind, "Email": person.get("Email")}


RULES: Mapping[str, Callable[[Change], dict[str, Value]]] = {
    "Lead": _person,
    "Contact": _person,
    "User": _person,
    "Opportunity": _opportunity,
    "Task": _task,
    "Event": _event,
    "CampaignMember": _member,
}
