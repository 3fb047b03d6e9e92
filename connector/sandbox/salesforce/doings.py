"""What happened to a population's people, as activities, e-mails and campaign members.

After a conversion everything hangs on the contact, as the org moves it. Closed tasks and events
older than a year are archived: only ``queryAll`` shows them.
"""

from __future__ import annotations

from collections.abc import Sequence

from connector.sandbox.clock import to_ms
from connector.sandbox.population import Population
from connector.sandbox.population.model import Activity
from connector.sandbox.salesforce import times
from connector.sandbox.salesforce.derived import RESPONDED
from connector.sandbox.salesforce.events import ORG_ADDRESS, REPLIED, SENT
from connector.sandbox.salesforce.loading import SECOND_MS, Loader
from connector.sandbox.salesforce.schema import Value

ARCHIVED_AFTER_DAYS = 365
HOUR_MS = 3_600_000
RANKS = ("Sent", "Opened", "Clicked", "Responded")
MAILS = {"sent": "Sent", "delivered": "Sent", "open": "Opened", "click": "Clicked"}
"""Marketing mail → what it makes of a campaign's member."""


def load_doings(loader: Loader, population: Population, people: Sequence[str]) -> None:
    """Take everything that happened to ``people``, who stand as in the population."""
    doings = _Doings(loader, to_ms(population.as_of), people)
    for activity in population.activities:
        doings.act(activity)
    seen: dict[tuple[int, str], list[tuple[int, str]]] = {}
    for mail in population.mails:
        if mail.kind in MAILS and not mail.known_machine:
            seen.setdefault((mail.lead, f"Newsletter {mail.campaign}"), []).append((mail.at_ms, MAILS[mail.kind]))
    for fill in population.form_fills:
        seen.setdefault((fill.lead, fill.form), []).append((fill.at_ms, "Responded"))
    for (place, campaign), happened in sorted(seen.items()):
        doings.respond(people[place], campaign, sorted(happened))


class _Doings:
    def __init__(self, loader: Loader, now_ms: int, people: Sequence[str]) -> None:
        self._loader = loader
        self._people = people
        self._archive_ms = now_ms - ARCHIVED_AFTER_DAYS * times.DAY_MS
        self._campaigns: dict[str, str] = {}
        self._leads = loader.converted()

    def act(self, activity: Activity) -> None:
        """Take one activity between a seller and a person."""
        who, at = self._people[activity.lead], activity.at_ms
        if activity.kind == "meeting":
            self._add("Event", who, at, _meeting(at))
        elif activity.kind in ("email_in", "email_out"):
            self._mail(who, at, incoming=activity.kind == "email_in")
        elif activity.kind == "call":
            call: dict[str, Value] = {"TaskSubtype": "Call", "CallType": "Outbound", "CallDurationInSeconds": 240}
            self._add("Task", who, at, _done(at, "Call", **call, CallDisposition=activity.outcome or None))
        else:
            self._add("Task", who, at, _done(at, activity.kind.capitalize(), TaskSubtype="Task"))

    def _add(self, object_name: str, who: str, at_ms: int, values: dict[str, Value]) -> str:
        person, row = self._person(who)
        moved = max(at_ms, int(str(row["CreatedDate"])))
        account = row.get("AccountId")
        day = times.day_of(at_ms)
        if str(row.get("LastActivityDate") or "") < day:
            row["LastActivityDate"] = day
        tied = {"WhoId": who, "AccountId": account, "IsArchived": at_ms < self._archive_ms}
        return self._loader.add(object_name, at_ms, moved if person == "Contact" else at_ms, {**values, **tied})

    def _person(self, who: str) -> tuple[str, dict[str, Value]]:
        kind = "Contact" if who.startswith("003") else "Lead"
        return kind, self._loader.row(kind, who)

    def _mail(self, who: str, at_ms: int, *, incoming: bool) -> None:
        address = self._person(who)[1].get("Email")
        subject = "Re: your question" if incoming else "Your question"
        task_id = self._add("Task", who, at_ms, _done(at_ms, subject, TaskSubtype="Email"))
        values: dict[str, Value] = {
            "ActivityId": task_id,
            "Subject": subject,
            "FromAddress": address if incoming else ORG_ADDRESS,
            "ToAddress": ORG_ADDRESS if incoming else address,
            "Incoming": incoming,
            "Status": REPLIED if incoming else SENT,
            "MessageDate": at_ms // SECOND_MS * SECOND_MS,
        }
        message_id = self._loader.add("EmailMessage", at_ms, at_ms, values)
        kind = "FromAddress" if incoming else "ToAddress"
        relation = {"EmailMessageId": message_id, "RelationId": who, "RelationType": kind, "RelationAddress": address}
        self._loader.add("EmailMessageRelation", at_ms, at_ms, relation)

    def respond(self, who: str, campaign: str, happened: Sequence[tuple[int, str]]) -> None:
        """Take a person's part in a campaign: the furthest that they went."""
        first = happened[0][0]
        status = max((word for _, word in happened), key=RANKS.index)
        reached = next(at for at, word in happened if word == status)
        responded = next((at for at, word in happened if word in RESPONDED), None)
        kind, row = self._person(who)
        values: dict[str, Value] = {
            "CampaignId": self._campaign(campaign, first),
            "LeadId": self._leads.get(who) if kind == "Contact" else who,
            "ContactId": who if kind == "Contact" else None,
            "Status": status,
            "Type": kind,
            "Email": row.get("Email"),
            "HasResponded": responded is not None,
            "FirstRespondedDate": times.day_of(responded) if responded is not None else None,
        }
        self._loader.add("CampaignMember", first, max(reached, int(str(row["CreatedDate"]))), values)

    def _campaign(self, name: str, at_ms: int) -> str:
        if name not in self._campaigns:
            kind = "Email" if name.startswith("Newsletter") else "Other"
            values: dict[str, Value] = {"Name": name[:80], "Type": kind, "IsActive": True, "Status": "In Progress"}
            self._campaigns[name] = self._loader.add("Campaign", at_ms, at_ms, values)
        return self._campaigns[name]


def _done(at_ms: int, subject: str, **more: Value) -> dict[str, Value]:
    return {
        "Subject": subject,
        "Status": "Completed",
        "Priority": "Normal",
        "IsClosed": True,
        "ActivityDate": times.day_of(at_ms),
        "CompletedDateTime": at_ms // SECOND_MS * SECOND_MS,
        **more,
    }


def _meeting(at_ms: int) -> dict[str, Value]:
    start = at_ms // SECOND_MS * SECOND_MS
    return {
        "Subject": "Meeting",
        "EventSubtype": "Event",
        "StartDateTime": start,
        "ActivityDateTime": start,
        "ActivityDate": times.day_of(at_ms),
        "EndDateTime": start + HOUR_MS,
        "DurationInMinutes": 60,
    }
