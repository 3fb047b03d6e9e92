"""Tasks, calendar events, e-mails and campaign members."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from connector.adapters.pieces import Pieces
from connector.adapters.salesforce.activities import (
    CALENDAR,
    EMAIL,
    MAIL_TASKS,
    MEMBER,
    TASK,
    calendar_event,
    email_events,
    response_event,
    task_event,
)
from connector.adapters.salesforce.history import Reading
from connector.adapters.salesforce.ids import known_id, object_of, to_18
from connector.adapters.salesforce.streams.base import Reader
from connector.adapters.salesforce.values import Json
from connector.records import EngagementEvent, Stream


class SimpleReader(Reader):
    """One object whose row is at most one event. Subjects and bodies are personal and never asked for."""

    asked: ClassVar[Sequence[str]]

    @abstractmethod
    def event(self, row: Json) -> EngagementEvent | None:
        """Return what a row means, None where it means nothing."""

    def wanted(self) -> Sequence[str]:
        """Return what an event is made from."""
        return self.org.having(self.source, self.asked)

    def add(self, pieces: Pieces, rows: Sequence[Json], reading: Reading) -> None:
        """Add one event for each row that means one."""

        def add(row: Json) -> None:
            found = self.event(row)
            if found is not None:
                pieces.events.append(found)

        self.each(pieces, rows, add)


class CalendarReader(SimpleReader):
    """Meetings, archived ones too: after a year only ``queryAll`` shows them."""

    stream = Stream("calendar", "Calendar events")
    source = "Event"
    deleted = True
    asked = CALENDAR

    def event(self, row: Json) -> EngagementEvent | None:
        """Return what a row means, None where it means nothing."""
        return calendar_event(row)

    def conditions(self) -> list[str]:
        """Leave out what was deleted."""
        return ["IsDeleted = false"]


class TaskReader(SimpleReader):
    """Calls, logged e-mails and tasks, archived ones too. An e-mail that is a record of its own counts there."""

    stream = Stream("tasks", "Tasks")
    source = "Task"
    one_each = False
    deleted = True
    asked = TASK

    def event(self, row: Json) -> EngagementEvent | None:
        """Return what a row means, None where it means nothing."""
        return task_event(row)

    def conditions(self) -> list[str]:
        """Leave out what was deleted."""
        return ["IsDeleted = false"]

    def add(self, pieces: Pieces, rows: Sequence[Json], reading: Reading) -> None:
        """Add those that no e-mail record stands for."""
        mail = [str(row.get("Id")) for row in rows if str(row.get("TaskSubtype")) in MAIL_TASKS]
        counted = self._counted_as_mail(mail)
        super().add(pieces, [row for row in rows if known_id(row.get("Id")) not in counted], reading)

    def _counted_as_mail(self, ids: Sequence[str]) -> frozenset[str]:
        if not ids or not self.org.sees("EmailMessage", *("Id", "ActivityId")):
            return frozenset()
        found = self.org.lookup(("Id", "ActivityId"), "EmailMessage", "ActivityId", ids)
        return frozenset(known_id(row.get("ActivityId")) for row in found)


class MemberReader(SimpleReader):
    """Responses to campaigns."""

    stream = Stream("campaign_members", "Campaign responses")
    source = "CampaignMember"
    asked = MEMBER

    def conditions(self) -> list[str]:
        """Leave out the many that were only sent something."""
        return ["HasResponded = true"]

    def event(self, row: Json) -> EngagementEvent | None:
        """Return what a row means, None where it means nothing."""
        return response_event(row)


class EmailReader(Reader):
    """E-mails that are records of their own (Enhanced Email): sent, answered, opened, bounced."""

    stream = Stream("emails", "E-mails")
    source = "EmailMessage"

    def wanted(self) -> Sequence[str]:
        """Return what the events are made from; subject, text and addresses are never asked for."""
        return self.org.having(self.source, EMAIL)

    def add(self, pieces: Pieces, rows: Sequence[Json], reading: Reading) -> None:
        """Add the events of each e-mail's persons."""
        persons = self._persons(rows)
        self.each(
            pieces, rows, lambda row: pieces.events.extend(email_events(row, persons.get(known_id(row.get("Id")), ())))
        )

    def _persons(self, rows: Sequence[Json]) -> Mapping[str, Sequence[str]]:
        """Return e-mail → leads and contacts: by its relations, else whom its task is about."""
        found = self._related([str(row.get("Id")) for row in rows])
        tasks = {known_id(row.get("ActivityId")): known_id(row.get("Id")) for row in rows if row.get("ActivityId")}
        unnamed = [task for task, email in tasks.items() if task and email not in found]
        if unnamed and self.org.sees("Task", "Id", "WhoId"):
            for row in self.org.lookup(("Id", "WhoId"), "Task", "Id", unnamed, deleted=True):
                email = tasks.get(known_id(row.get("Id")))
                if email and object_of(str(row.get("WhoId"))):
                    found[email] = [to_18(row["WhoId"])]
        return found

    def _related(self, ids: Sequence[str]) -> dict[str, list[str]]:
        names = ("EmailMessageId", "RelationId")
        found: dict[str, list[str]] = {}
        if not self.org.sees("EmailMessageRelation", *names):
            return found
        for row in self.org.lookup(names, "EmailMessageRelation", names[0], ids):
            if object_of(str(row.get("RelationId"))):
                found.setdefault(known_id(row.get("EmailMessageId")), []).append(to_18(row["RelationId"]))
        return {email: list(dict.fromkeys(named)) for email, named in found.items()}
