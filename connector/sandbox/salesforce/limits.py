"""What the org may use, and how many records it has.

Source: REST guide, "Limits" and "Record Count".
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from connector.sandbox.salesforce.access import hub
from connector.sandbox.salesforce.errors import reply

STILL = {
    "DailyBulkApiBatches": 15_000,
    "DailyBulkV2QueryJobs": 10_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DailyAsyncApexExecutions": 250_000,
    "DailyDeliveredPlatformEvents": 25_000,
    "HourlyPublishedPlatformEvents": 250_000,
    "DataStorageMB": 10_240,
    "FileStorageMB": 10_240,
}
"""Limits that the sandbox does not count."""

blueprint = Blueprint("limits", __name__)


@blueprint.get("/limits")
def limits() -> Response:
    """Answer each limit with what is left of it."""
    told = {name: {"Max": most, "Remaining": most} for name, most in STILL.items()}
    with hub().stage.lock:
        usage = hub().usage
        told["DailyApiRequests"] = {"Max": usage.allowance, "Remaining": max(usage.allowance - usage.used, 0)}
    return reply(told)


@blueprint.get("/limits/recordCount")
def record_count() -> Response:
    """Answer the number of records of objects, without deleted and archived ones; unknown objects are left out."""
    names = [each for each in request.args.get("sObjects", "").split(",") if each]
    with hub().stage.lock:
        now = hub().stage.clock.now_ms()
        counts = {
            table.definition.name: sum(
                not row.get("IsDeleted") and not row.get("IsArchived") for row in table.seen(now).values()
            )
            for table in hub().tables.values()
            if table.definition.name in (names or hub().schema.objects)
        }
    return reply({"sObjects": [{"name": name, "count": count} for name, count in sorted(counts.items())]})
