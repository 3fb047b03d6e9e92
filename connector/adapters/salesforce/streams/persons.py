"""Leads and contacts with the history of their fields, and what conversion and merges did to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from connector.adapters.pieces import Pieces
from connector.adapters.salesforce.history import Reading, Version, versions
from connector.adapters.salesforce.ids import known_id, to_18
from connector.adapters.salesforce.mapping import Person, lead_converted, person, person_changes, stages
from connector.adapters.salesforce.streams.base import OVERLAP, Reader
from connector.adapters.salesforce.values import Json, UnreadableError, iso, moment, optional_moment
from connector.records import Removal, Stream

HISTORY = ("Field", "OldValue", "NewValue", "CreatedDate")

SWEEP = timedelta(hours=24)
"""How often rows that look like our own writes are read all the same: a person's edit may hide behind one."""

WRITE_LAG = timedelta(hours=1)
"""How long after its scoring a score may be written and still be known as ours by its time."""

Histories = Mapping[str, Mapping[str, Sequence[Version]]]


class PersonReader(Reader):
    """One of the two objects that are persons."""

    def wanted(self) -> Sequence[str]:
        """Return all fields that the user may see."""
        return list(self.org.fields(self.source))

    def opened(self, state: Json) -> Json:
        """Begin a scan; once a day it goes back to the last one that left nothing out."""
        if "since" not in state:
            return state
        swept = moment(state.get("swept", state["since"]), "the cursor")
        if moment(state["started"], "the cursor") - swept < SWEEP:
            return state
        return {**state, "since": iso(swept - OVERLAP), "sweep": True}

    def closed(self, state: Json) -> Json:
        """Keep when everything was read last."""
        complete = "since" not in state or "sweep" in state
        return {**super().closed(state), "swept": state["started"] if complete else state.get("swept", state["since"])}

    def later(self, rows: list[Json], state: Json) -> list[Json]:
        """Leave out the rows that only our own write has touched since."""
        scored_at = self.org.field_names.get("lead_score_updated_at")
        if scored_at is None or "sweep" in state or not any(row.get(scored_at) for row in rows):
            return rows
        return [row for row in rows if not self._ours(row, scored_at)]

    def _ours(self, row: Json, scored_at: str) -> bool:
        try:
            scored = optional_moment(row.get(scored_at), "the score's time")
            changed = moment(row.get("LastModifiedDate"), "the modification date")
            if scored is None or to_18(row.get("LastModifiedById")) != self.org.user_id:
                return False
        except UnreadableError:
            return False
        # Salesforce keeps whole seconds.
        return timedelta(seconds=-1) <= changed - scored <= WRITE_LAG

    def types(self) -> Mapping[str, str]:
        """Return field → describe's type."""
        return {name: str(raw.get("type")) for name, raw in self.org.fields(self.source).items()}

    def histories(self, ids: Sequence[str]) -> Histories:
        """Return record → field → its changes, as far as the org tracks them."""
        parent, types = f"{self.source}Id", self.types()
        rows: dict[str, list[Json]] = {}
        for row in self.org.lookup((parent, *HISTORY), f"{self.source}History", parent, ids):
            rows.setdefault(known_id(row.get(parent)), []).append(row)
        return {record_id: versions(found, types) for record_id, found in rows.items()}

    def merged(self, ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return record → the records that a merge gave up for it."""
        found: dict[str, list[str]] = {}
        names = ("Id", "MasterRecordId")
        if not self.org.sees(self.source, *names):
            return found
        for row in self.org.lookup(names, self.source, "MasterRecordId", ids, deleted=True):
            lost = known_id(row.get("Id"))
            if lost:
                found.setdefault(known_id(row.get("MasterRecordId")), []).append(lost)
        return found

    def read_persons(self, rows: Sequence[Json], pieces: Pieces) -> list[tuple[Json, Person]]:
        """Return the rows that can be read."""
        types, own = self.types(), self.org.own
        found: list[tuple[Json, Person]] = []
        self.each(pieces, rows, lambda row: found.append((row, person(row, types, own))))
        return found


class LeadReader(PersonReader):
    """The open leads."""

    stream = Stream("leads", "Leads", needs_records=False)
    source = "Lead"

    def conditions(self) -> list[str]:
        """Leave out converted ones: their contact is the person now."""
        return ["IsConverted = false"] if "IsConverted" in self.org.fields(self.source) else []

    def add(self, pieces: Pieces, rows: Sequence[Json], reading: Reading) -> None:
        """Add records, changes and statuses."""
        found = self.read_persons(rows, pieces)
        ids = [lead.record_id for _, lead in found]
        past = self.histories(ids)
        merged = {} if reading.first else self.merged(ids)
        for _, lead in found:
            known, lost = past.get(lead.record_id, {}), merged.get(lead.record_id, ())
            pieces.records.append(lead.record(lead.created, lost))
            pieces.removals.extend(Removal(item, lead.modified, merged_into=lead.record_id) for item in lost)
            pieces.changes.extend(person_changes(lead, known, reading))
            pieces.conversions.extend(stages(lead, known))


class ConvertedLeadReader(PersonReader):
    """The leads that became contacts: their end, and their past as the contact's."""

    stream = Stream("converted_leads", "Converted leads")
    source = "Lead"
    one_each = False

    def conditions(self) -> list[str]:
        """Read nothing else."""
        return ["IsConverted = true"]

    def add(self, pieces: Pieces, rows: Sequence[Json], reading: Reading) -> None:
        """Add what conversion means."""
        found = self.read_persons(rows, pieces)
        past = self.histories([lead.record_id for _, lead in found])
        for row, lead in found:
            try:
                add_converted(pieces, row, lead, past.get(lead.record_id, {}), reading)
            except UnreadableError as reason:
                pieces.reject(self.stream.name, row.get("Id"), reason)


class ContactReader(PersonReader):
    """The contacts, with the past of the leads that became them."""

    stream = Stream("contacts", "Contacts", needs_records=False)
    source = "Contact"

    def add(self, pieces: Pieces, rows: Sequence[Json], reading: Reading) -> None:
        """Add records and changes."""
        found = self.read_persons(rows, pieces)
        ids = [contact.record_id for _, contact in found]
        past = self.histories(ids)
        merged = {} if reading.first else self.merged(ids)
        leads = self._leads(ids)
        for _, contact in found:
            lost, once = merged.get(contact.record_id, ()), leads.get(contact.record_id, ())
            born = min((lead.created for lead in once), default=contact.created)
            pieces.records.append(contact.record(born, [*(lead.record_id for lead in once), *lost]))
            pieces.removals.extend(Removal(item, contact.modified, merged_into=contact.record_id) for item in lost)
            pieces.changes.extend(person_changes(contact, past.get(contact.record_id, {}), reading))

    def _leads(self, ids: Sequence[str]) -> Mapping[str, Sequence[Person]]:
        """Return contact → the leads that became it: the person is known since the first of them came."""
        found: dict[str, list[Person]] = {}
        names = ("Id", "CreatedDate", "ConvertedContactId")
        if not self.org.sees("Lead", *names):
            return found
        for row in self.org.lookup(names, "Lead", "ConvertedContactId", ids):
            try:
                found.setdefault(to_18(row.get("ConvertedContactId")), []).append(person(row, {}, frozenset()))
            except UnreadableError:
                # The stream of converted leads counts it.
                continue
        return found


def add_converted(
    pieces: Pieces, row: Json, lead: Person, past: Mapping[str, Sequence[Version]], reading: Reading
) -> None:
    """Add a converted lead's conversion, its end, and its past as that of its contact."""
    conversion, removal = lead_converted(row, lead, past)
    contact = conversion.record_id
    pieces.conversions.append(conversion)
    pieces.conversions.extend(stages(lead, past, contact))
    # Always as at a first reading: what was observed of the lead goes with its record, and a lead that
    # had no values before it converted would give the outcome away.
    pieces.changes.extend(person_changes(lead, past, replace(reading, first=True), contact))
    pieces.removals.append(removal)
