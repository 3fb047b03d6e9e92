"""Sign a report off: a person says, with a remark, that they have read it. On the record, once."""

from __future__ import annotations

from uuid import UUID

from connector.errors import RejectedInput
from connector.services import acts
from connector.services.context import Services
from connector.store import ledger, periodic

LONGEST = 2_000


def sign(services: Services, tenant_id: UUID, report_id: UUID, by: str, remark: str) -> bool:
    """Sign a report off; False where the tenant has no such one.

    Raises ``RejectedInput`` for a remark that is too long, and where somebody signed it already.
    """
    remark = " ".join(remark.split())
    if len(remark) > LONGEST:
        raise RejectedInput(f"The remark is too long: {len(remark):,} letters, {LONGEST:,} are the most.")
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        report = periodic.find(session, tenant_id, report_id)
        if report is None:
            return False
        if not periodic.sign(session, report, services.clock.now(), by, remark):
            raise RejectedInput(f"This report was signed off already, by {report.signed_by}.")
        more = {"report": str(report.id), "sha256": report.sha256, "remark": remark}
        acts.record(services, session, tenant_id, "sign off report", **more)
    return True
