"""Two things that happen to whole records: a lead is converted, two records become one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.sandbox.salesforce import changes, history, times
from connector.sandbox.salesforce.errors import RecordError
from connector.sandbox.salesforce.hub import Author, Hub
from connector.sandbox.salesforce.schema import Value, Values

CARRIED = (
    "LastName FirstName Salutation Title Email Phone MobilePhone LeadSource Description HasOptedOutOfEmail "
    "EmailBouncedDate EmailBouncedReason OwnerId"
).split()
ADDRESS = ("Street", "City", "State", "PostalCode", "Country")
DAYS_TO_CLOSE = 30
MOVED_FIELDS = {"Task": "WhoId", "Event": "WhoId", "EmailMessageRelation": "RelationId"}


@dataclass(frozen=True, slots=True)
class Converted:
    """What a lead became. ``opportunity_id`` None: none was made."""

    account_id: str
    contact_id: str
    opportunity_id: str | None


def convert(hub: Hub, lead_id: str, author: Author, *, opportunity: bool = True) -> Converted:
    """Convert a lead into account, contact and opportunity; it is read-only from then on.

    Tasks, events and mails move to the contact; campaign members name both.
    """
    _, lead = changes.find(hub, lead_id, "Lead")
    if lead.get("IsConverted"):
        raise RecordError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
    now, row_id = hub.now_ms(), str(lead["Id"])
    account_id = _account(hub, lead, author)
    taken = {name: _wire(hub, "Contact", name, value) for name, value in contact_values(hub, lead).items()}
    contact_id = changes.create(hub, "Contact", {**taken, "AccountId": account_id}, author)
    deal_id = _opportunity(hub, lead, account_id, contact_id, author) if opportunity else None
    moved: dict[tuple[str, str], Mapping[str, Value]] = {
        (child, field): {field: contact_id} for child, field in MOVED_FIELDS.items()
    }
    moved["CampaignMember", "LeadId"] = {"ContactId": contact_id}
    changes.move_children(hub, "Lead", row_id, moved, author)
    after = {**lead, **conversion(now, account_id, contact_id, deal_id)}
    changes.write(hub, "Lead", lead, after, author)
    converted = history.happened(hub, "Lead", after, (author.user_id, now), "leadConverted")
    history.keep(hub, converted, hub.visible_ms(author))
    if row_id in hub.truth:
        hub.truth[contact_id] = hub.truth.pop(row_id)
    return Converted(account_id, contact_id, deal_id)


def conversion(at_ms: int, account_id: str, contact_id: str, opportunity_id: str | None) -> dict[str, Value]:
    """Return what a lead's conversion leaves on it. The date has no time."""
    return {
        "IsConverted": True,
        "Status": "Closed - Converted",
        "ConvertedDate": times.day_of(at_ms),
        "ConvertedAccountId": account_id,
        "ConvertedContactId": contact_id,
        "ConvertedOpportunityId": opportunity_id,
        "IsUnreadByOwner": False,
    }


def contact_values(hub: Hub, lead: Values) -> dict[str, Value]:
    """Return what a lead's contact takes over: standard fields, and custom ones of the same name."""
    of = hub.schema.objects["Contact"].fields
    custom = [name for name, field in hub.schema.objects["Lead"].fields.items() if field.custom and name in of]
    values = {name: lead.get(name) for name in [*CARRIED, *custom] if lead.get(name) is not None}
    if str(values.get("OwnerId", "")).startswith("00G"):
        values["OwnerId"] = hub.people.seller  # A contact has no queue.
    values |= {f"Mailing{part}": lead[part] for part in ADDRESS if lead.get(part) is not None}
    return values


def _wire(hub: Hub, object_name: str, name: str, value: Value) -> Value:
    kind = hub.schema.objects[object_name].fields[name].type
    return times.rest(value) if kind == "datetime" and isinstance(value, int) else value


def _account(hub: Hub, lead: Values, author: Author) -> str:
    for row_id, row in hub.tables["Account"].rows.items():
        if row["Name"] == lead["Company"] and not row.get("IsDeleted"):
            return row_id
    fields = {"Name": lead["Company"], "Industry": lead.get("Industry"), "Website": lead.get("Website")}
    sizes = {"NumberOfEmployees": lead.get("NumberOfEmployees"), "AnnualRevenue": lead.get("AnnualRevenue")}
    return changes.create(hub, "Account", {**fields, **sizes}, author)


def _opportunity(hub: Hub, lead: Values, account_id: str, contact_id: str, author: Author) -> str:
    values = {
        "Name": f"{lead['Company']}-"[:120],
        "AccountId": account_id,
        "StageName": "Prospecting",
        "CloseDate": times.day_of(hub.now_ms() + DAYS_TO_CLOSE * times.DAY_MS),
        "LeadSource": lead.get("LeadSource"),
    }
    deal_id = changes.create(hub, "Opportunity", values, author)
    role = {"OpportunityId": deal_id, "ContactId": contact_id, "IsPrimary": True}
    changes.create(hub, "OpportunityContactRole", role, author)
    return deal_id


def merge(hub: Hub, winner_id: str, loser_id: str, author: Author) -> str:
    """Merge the second record into the first, which keeps its values, and return the survivor's id.

    The loser goes to the recycle bin with the winner's id in ``MasterRecordId``; what hung on it moves.
    """
    name, winner = changes.find(hub, winner_id)
    _, loser = changes.find(hub, loser_id, name)
    kept, lost = str(winner["Id"]), str(loser["Id"])
    if kept == lost or "MasterRecordId" not in hub.schema.objects[name].fields:
        raise RecordError("INVALID_ID_FIELD", "The records cannot be merged.")
    moved = {(child, field): {field: kept} for child, field in changes.CHILDREN[name]}
    changes.move_children(hub, name, lost, moved, author)
    changes.write(hub, name, winner, {}, author)
    changes.write(hub, name, loser, {"IsDeleted": True, "MasterRecordId": kept}, author)
    merged = history.happened(hub, name, winner, (author.user_id, hub.now_ms()), f"{name.lower()}Merged")
    history.keep(hub, merged, hub.visible_ms(author))
    hub.truth.pop(lost, None)
    return kept
