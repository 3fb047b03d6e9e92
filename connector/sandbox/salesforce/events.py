"""Letting something happen with a person at run time, as the admin controls ask.

Kinds: ``call``, ``meeting``, ``task``, ``note``, ``email_sent``, ``email_open``, ``email_click``, ``email_reply``,
``email_bounced``, ``form`` and ``campaign_response`` (``campaign``: name), ``convert``, ``deal_won``, ``deal_lost``
(``amount``) and ``disqualify``. A lead is converted before its deal can be won or lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connector.sandbox.salesforce import changes, journeys, times
from connector.sandbox.salesforce.errors import RecordError
from connector.sandbox.salesforce.hub import Author, Hub
from connector.sandbox.salesforce.schema import Value, Values

SENT, REPLIED = "3", "1"
ORG_ADDRESS = "sam.seller@example.com"


@dataclass(frozen=True, slots=True)
class Happening:
    """To whom something happens, by whom, and what was asked."""

    hub: Hub
    author: Author
    person: Values
    body: Mapping[str, Any]


Act = Callable[[Happening], str]
"""Lets something happen and returns the id of its record."""


def happen(hub: Hub, person_id: str, body: Mapping[str, Any]) -> dict[str, str]:
    """Let it happen now and return the id of its record; raise :class:`RecordError` for an unknown kind."""
    kind = str(body.get("kind", ""))
    if kind not in KINDS:
        raise RecordError("INVALID_INPUT", f"An event of kind '{kind[:30]}' is not known.")
    _, person = changes.find(hub, person_id)
    return {"id": KINDS[kind](Happening(hub, hub.user(), person, body))}


def _today(hub: Hub) -> str:
    return times.day_of(hub.now_ms())


def _done(subtype: str, **more: Value) -> Act:
    def act(it: Happening) -> str:
        values = {"WhoId": it.person["Id"], "Subject": subtype, "Status": "Completed", "ActivityDate": _today(it.hub)}
        return changes.create(it.hub, "Task", {**values, "TaskSubtype": subtype, **more}, it.author)

    return act


def _meeting(it: Happening) -> str:
    values = {"WhoId": it.person["Id"], "Subject": "Meeting", "StartDateTime": times.rest(it.hub.now_ms())}
    return changes.create(it.hub, "Event", values, it.author)


def mail_values(person: Values, at_ms: int, *, incoming: bool) -> dict[str, Any]:
    """Return an e-mail between a seller and a person."""
    addresses = [person.get("Email"), ORG_ADDRESS]
    sender, recipient = addresses if incoming else addresses[::-1]
    return {
        "Subject": "Re: your question" if incoming else "Your question",
        "FromAddress": sender,
        "ToAddress": recipient,
        "Incoming": incoming,
        "Status": REPLIED if incoming else SENT,
        "MessageDate": times.rest(at_ms),
        "IsTracked": not incoming,
    }


def _mail(*, incoming: bool) -> Act:
    def send(it: Happening) -> str:
        values = mail_values(it.person, it.hub.now_ms(), incoming=incoming)
        task = {"WhoId": it.person["Id"], "Subject": values["Subject"], "Status": "Completed", "TaskSubtype": "Email"}
        task_id = changes.create(it.hub, "Task", {**task, "ActivityDate": _today(it.hub)}, it.author)
        message_id = changes.create(it.hub, "EmailMessage", {**values, "ActivityId": task_id}, it.author)
        kind = "FromAddress" if incoming else "ToAddress"
        relation = {"EmailMessageId": message_id, "RelationId": it.person["Id"], "RelationType": kind}
        changes.create(
            it.hub, "EmailMessageRelation", {**relation, "RelationAddress": it.person.get("Email")}, it.author
        )
        return message_id

    return send


def _sent_mail(it: Happening) -> Values:
    """Return the newest e-mail to a person, sending one where there is none."""
    relations = it.hub.tables["EmailMessageRelation"].rows.values()
    own = {row["EmailMessageId"] for row in relations if row["RelationId"] == it.person["Id"]}
    mails = [row for row in it.hub.tables["EmailMessage"].rows.values() if row["Id"] in own and not row["Incoming"]]
    if mails:
        return mails[-1]
    return it.hub.tables["EmailMessage"].rows[_mail(incoming=False)(it)]


def _open(it: Happening) -> str:
    mail, now = _sent_mail(it), times.rest(it.hub.now_ms())
    opened: dict[str, Any] = {"IsOpened": True, "LastOpenedDate": now}
    if not mail.get("FirstOpenedDate"):
        opened["FirstOpenedDate"] = now
    changes.update(it.hub, str(mail["Id"]), opened, it.author)
    return str(mail["Id"])


def _bounce(it: Happening) -> str:
    mail = _sent_mail(it)
    changes.update(it.hub, str(mail["Id"]), {"IsBounced": True}, it.author)
    bounced = {"EmailBouncedDate": times.rest(it.hub.now_ms()), "EmailBouncedReason": "550 mailbox unavailable"}
    changes.update(it.hub, str(it.person["Id"]), bounced, it.author)
    return str(mail["Id"])


def _campaign(status: str, default: str) -> Act:
    def respond(it: Happening) -> str:
        campaign_id = _campaign_of(it.hub, str(it.body.get("campaign") or it.body.get("form") or default), it.author)
        kind = f"{changes.object_of(it.hub, str(it.person['Id']))}Id"
        for row in list(it.hub.tables["CampaignMember"].rows.values()):
            if row.get(kind) == it.person["Id"] and row["CampaignId"] == campaign_id and not row["IsDeleted"]:
                changes.update(it.hub, str(row["Id"]), {"Status": status}, it.author)
                return str(row["Id"])
        member = {"CampaignId": campaign_id, kind: it.person["Id"], "Status": status}
        return changes.create(it.hub, "CampaignMember", member, it.author)

    return respond


def _campaign_of(hub: Hub, name: str, author: Author) -> str:
    """Return the id of a campaign, making it where there is none of that name."""
    for row_id, row in hub.tables["Campaign"].rows.items():
        if row["Name"] == name and not row["IsDeleted"]:
            return row_id
    return changes.create(hub, "Campaign", {"Name": name, "IsActive": True, "Type": "Other"}, author)


def _convert(it: Happening) -> str:
    return journeys.convert(it.hub, str(it.person["Id"]), it.author).contact_id


def _close(stage: str) -> Act:
    def close(it: Happening) -> str:
        deal_id = _deal(it.hub, it.person, it.author)
        values = {"StageName": stage, "Amount": str(it.body.get("amount", "1000")), "CloseDate": _today(it.hub)}
        changes.update(it.hub, deal_id, values, it.author)
        return deal_id

    return close


def _deal(hub: Hub, person: Values, author: Author) -> str:
    """Return the opportunity of a person's deal: a lead's own, for which it is converted; a contact gets a new one."""
    if changes.object_of(hub, str(person["Id"])) == "Lead":
        if not person["IsConverted"]:
            return str(journeys.convert(hub, str(person["Id"]), author).opportunity_id)
        if person.get("ConvertedOpportunityId"):
            return str(person["ConvertedOpportunityId"])
        person = hub.tables["Contact"].rows[str(person["ConvertedContactId"])]
    account = {"AccountId": person["AccountId"]} if person.get("AccountId") else {}
    values = {"Name": "New business", "StageName": "Prospecting", "CloseDate": _today(hub), **account}
    deal_id = changes.create(hub, "Opportunity", values, author)
    role = {"OpportunityId": deal_id, "ContactId": person["Id"], "IsPrimary": True}
    changes.create(hub, "OpportunityContactRole", role, author)
    return deal_id


def _set(**values: str) -> Act:
    def change(it: Happening) -> str:
        changes.update(it.hub, str(it.person["Id"]), values, it.author)
        return str(it.person["Id"])

    return change


KINDS: Mapping[str, Act] = {
    "call": _done("Call", CallType="Outbound", CallDurationInSeconds=240),
    "task": _done("Task"),
    "note": _done("Task", Subject="Note"),
    "meeting": _meeting,
    "email_sent": _mail(incoming=False),
    "email_reply": _mail(incoming=True),
    "email_open": _open,
    "email_bounced": _bounce,
    "email_click": _campaign("Clicked", "Newsletter"),
    "form": _campaign("Responded", "Contact us"),
    "campaign_response": _campaign("Responded", "Web seminar"),
    "convert": _convert,
    "deal_won": _close("Closed Won"),
    "deal_lost": _close("Closed Lost"),
    "disqualify": _set(Status="Closed - Not Converted"),
}
