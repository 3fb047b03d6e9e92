"""What recipients did with the e-mails of classic automations.

Each e-mail is a campaign of its own with reports like any other, but is sent to one recipient after another for years:
reports do not tell when, so that opens, clicks, bounces and opting out are read, and no sending. Whether an e-mail has
news its report's totals tell. Newer automation flows have no list of their e-mails in the API.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from connector.adapters.mailchimp.calls import PAGE, Call, automations, reports
from connector.adapters.mailchimp.errors import NOT_FOUND
from connector.adapters.mailchimp.streams.campaigns import OVERLAP, Ask, CampaignReader
from connector.adapters.mailchimp.streams.report_parts import PARTS, REPORT_FIELDS, mark
from connector.adapters.mailchimp.values import Json, UnreadableError, identifier, iso, moment, whole
from connector.adapters.pieces import Pieces
from connector.records import Stream

TOTALS = tuple(name.removeprefix("reports.") for name in REPORT_FIELDS if name.startswith("reports."))


class AutomationReader(CampaignReader):
    """All e-mails of all classic automations. The cursor is that of campaigns; ``marks`` are kept for ever."""

    stream = Stream("automations", "E-mails of automations", needs_records=False)

    def beginning(self, pieces: Pieces) -> Json:
        """Begin a first scan, which is like all others with nothing known."""
        return self.news({"marks": {}}, pieces)

    def news(self, state: Json, pieces: Pieces) -> Json:
        """Begin a scan: see which e-mails have other totals than at the last one."""
        now = whole(self.audiences.now())
        since = None if "since" not in state else moment(state["since"], "the cursor") - OVERLAP
        marks, queue = {}, []
        for email_id, made, totals in self._emails(pieces):
            marks[email_id] = totals
            before = state["marks"].get(email_id)
            known = [0] * len(totals) if before is None else before
            # One that was not known is read whole.
            opened = None if since is None or before is None else iso(since)
            news = [name for place, name in enumerate(PARTS, start=1) if known[place] != totals[place]]
            queue += [Ask(email_id, iso(made), opened, name).as_json() for name in news]
        return {"started": iso(now), "queue": queue, "marks": marks, "place": None}

    def exposing(self, ask: Ask) -> bool:
        """Tell nobody's sending: it has no time."""
        return False

    def _emails(self, pieces: Pieces) -> Iterator[tuple[str, datetime, list[int]]]:
        """Yield e-mails that were sent to anybody: id, when it was made, its report's totals."""
        for workflow in self.audiences.pages("automations", "automations", self._workflows):
            try:
                call = automations.list_all_workflow_emails(identifier(workflow, "id"))
            except UnreadableError as reason:
                pieces.reject(self.stream.name, workflow.get("id"), reason)
                continue
            answer = self.audiences.session.send("automation emails", call, accept=(NOT_FOUND,))
            for email in answer.listed("emails"):
                try:
                    found = self._email(email)
                except UnreadableError as reason:
                    pieces.reject(self.stream.name, email.get("id"), reason)
                    continue
                if found is not None:
                    yield found

    def _email(self, email: Json) -> tuple[str, datetime, list[int]] | None:
        email_id = identifier(email, "id")
        made = moment(email.get("create_time"), "the time when the e-mail was made")
        if email.get("emails_sent") == 0:
            return None
        call: Call = reports.get_campaign_report(email_id, fields=TOTALS)
        answer = self.audiences.session.send("report", call, accept=(NOT_FOUND,))
        return None if answer.status == NOT_FOUND else (email_id, made, mark(answer.body))

    @staticmethod
    def _workflows(offset: int) -> Call:
        fields = "automations.id", "total_items"
        found: Call = automations.list(fields=fields, count=PAGE, offset=offset)
        return found
