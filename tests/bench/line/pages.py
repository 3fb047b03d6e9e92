"""The fewest requests that can read or write a filled sandbox CRM in the largest pages that its vendor gives.

Whatever must be asked to know that there is nothing counts once. Definitions of fields count where nothing can be
read without them. Not counted: what tells how many are to be expected, and what asks whether an account has something.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from connector.adapters.mailchimp.batches import OPERATIONS
from connector.adapters.mailchimp.score_writes import LARGEST_BATCH as LARGEST_WRITE
from connector.adapters.salesforce.activities import MAIL_TASKS
from connector.adapters.salesforce.collections import LARGEST
from connector.adapters.salesforce.ingest import LARGEST as LARGEST_JOB
from connector.adapters.salesforce.score_writes import BULK_FROM
from connector.adapters.salesforce.soql import IDS, PAGE
from connector.adapters.salesforce.streams.base import JOB_PAGE, Reader
from connector.adapters.salesforce.together import QUERIES
from connector.sandbox.hubspot.hub import Hub as HubSpot
from connector.sandbox.mailchimp.hub import Hub as Mailchimp
from connector.sandbox.salesforce.hub import Hub as Salesforce
from tests.bench.line.setting import HOT_OF

WITH_HISTORY, OBJECTS, SUBMISSIONS, EVENTS, ROWS, UPDATE = 50, 100, 50, 1000, 1000, 100
"""Rows a request: HubSpot's lists with and without history, its forms and mails; Mailchimp's; HubSpot's writes."""

JOB_ROUND = 6
"""Requests of a Bulk job that writes: made, filled, closed, asked about once, its outcomes, deleted."""
DESCRIBED = (
    *("Lead", "Opportunity", "CampaignMember", "LeadHistory", "ContactHistory"),
    *("OpportunityContactRole", "OpportunityHistory", "EmailMessageRelation"),
)
"""Objects whose fields the connected user may or may not see, beside those that are counted by name."""
READ_ROUND = 3
"""Requests of one that reads, beside its pages: made, asked about once, deleted."""
BATCH_ROUND = 3
"""Requests of a Mailchimp job: handed in, asked about once, its results."""


def pages(rows: int, size: int) -> int:
    """Return the fewest requests for so many rows: one tells that there are none."""
    return max(1, -(-rows // size))


def read_hubspot(hub: HubSpot) -> int:
    """Return the fewest requests that read an account's contacts with their histories, and all that happened."""
    account = next(iter(hub.accounts.values()))
    history = {"contacts": WITH_HISTORY, "deals": WITH_HISTORY}
    kinds = ("contacts", "companies", "deals", "calls", "emails", "meetings", "notes", "tasks")
    lists = sum(pages(len(account.tables[kind].live), history.get(kind, OBJECTS)) for kind in kinds)
    forms = account.marketing.submissions.values()
    mails = pages(_count(account.marketing.email_events.newest_first(None)), EVENTS)
    submissions = sum(pages(_count(each.newest_first(None)), SUBMISSIONS) for each in forms)
    definitions = len(("contacts", "companies", "pipelines", "forms"))
    return lists + mails + submissions + definitions


def read_salesforce(hub: Salesforce) -> int:
    """Return the fewest requests that read an org: a count and a describe of each object, pages or a job, what belongs.

    What belongs to rows is asked for with their page, by their ids: 500 in a query, five queries in a request.
    """
    rows = {
        name: [row for row in table.rows.values() if not row.get("IsDeleted")] for name, table in hub.tables.items()
    }
    leads = [row for row in rows["Lead"] if row.get("IsConverted") is not True]
    converted = len(rows["Lead"]) - len(leads)
    closed = sum(row.get("IsClosed") is True for row in rows["Opportunity"])
    responded = sum(row.get("HasResponded") is True for row in rows["CampaignMember"])
    counts = {name: len(rows[name]) for name in ("Contact", "Account", "Task", "Event", "EmailMessage")}
    streams = [len(leads), converted, closed, responded, *counts.values()]
    histories = [(len(leads) + converted, len(rows["LeadHistory"])), (counts["Contact"], len(rows["ContactHistory"]))]
    deals = [(closed, len(rows[name])) for name in ("OpportunityContactRole", "OpportunityHistory")]
    others = [(counts["Contact"], converted), (closed, converted), (counts["EmailMessage"], 0)]
    if any(row.get("TaskSubtype") in MAIL_TASKS for row in rows["Task"]):
        # Which of them are e-mails that count as such.
        others.append((counts["Task"], 0))
    belonging = sum(_belonging(ids, found) for ids, found in chain(histories, deals, others))
    described = len((*counts, *DESCRIBED))
    # Of each person object: the newest history, which tells what is dated, and the recycle bin.
    beside = 2 * len(("Lead", "Contact"))
    return sum(_stream(each) for each in streams) + belonging + described + beside


def _stream(rows: int) -> int:
    return 1 + (READ_ROUND + pages(rows, JOB_PAGE) if rows >= Reader.bulk_from else pages(rows, PAGE))


def _belonging(ids: int, rows: int) -> int:
    at_once = IDS * QUERIES if ids >= Reader.bulk_from else PAGE
    return max(pages(ids, at_once), pages(rows, PAGE * QUERIES)) if ids else 0


def read_mailchimp(hub: Mailchimp) -> int:
    """Return the fewest requests that read an account's members, its campaigns' reports and its orders."""
    members = sum(pages(len(each.members()), ROWS) for each in hub.audiences.values())
    campaigns = list(hub.campaigns.values())
    orders = pages(sum(len(store.orders) for store in hub.stores.values()), ROWS)
    reports = 0
    for campaign in campaigns:
        acts = [{act.kind for act in receipt.acts} for receipt in campaign.receipts.values()]
        told = [len(acts), *(sum(kind in each for each in acts) for kind in ("open", "unsubscribe"))]
        reports += sum(pages(rows, ROWS) for rows in told if rows)
    definitions = 1 + len(hub.audiences) + len(("shops",))
    return members + 2 * pages(len(campaigns), ROWS) + reports + orders + definitions


def read(hub: HubSpot | Mailchimp | Salesforce) -> int:
    """Return the fewest requests that read a filled CRM."""
    if isinstance(hub, HubSpot):
        return read_hubspot(hub)
    return read_mailchimp(hub) if isinstance(hub, Mailchimp) else read_salesforce(hub)


def write(hub: HubSpot | Mailchimp | Salesforce, ids: Sequence[str]) -> int:
    """Return the fewest requests that write scores to these records, of whom a tenth get a tag where there is one."""
    if isinstance(hub, HubSpot):
        return pages(len(ids), UPDATE)
    if isinstance(hub, Mailchimp):
        # Before each write: who was archived meanwhile. Once: the audiences, their fields and tags.
        audiences = len(hub.audiences)
        return jobs_of(len(ids)) * BATCH_ROUND + pages(len(ids), LARGEST_WRITE) * audiences + 1 + 2 * audiences
    kinds = [sum(each.startswith(prefix) for each in ids) for prefix in ("00Q", "003")]
    return sum(pages(n, LARGEST_JOB) * JOB_ROUND if n > BULK_FROM else pages(n, LARGEST) for n in kinds if n)


def jobs_of(records: int) -> int:
    """Return the fewest Mailchimp jobs that write scores to so many members, and a tag to each tenth."""
    return pages(records, OPERATIONS) + pages(records // HOT_OF, OPERATIONS)


def _count(found: Iterable[object]) -> int:
    return sum(1 for _ in found)
