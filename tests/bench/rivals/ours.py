"""Our own backfill in a process of its own: ``python -m tests.bench.rivals.ours VENDOR ORIGIN`` prints what it read.

``rows`` counts records, companies, events and outcomes; ``changes`` the dated values of fields, where the CRM keeps
their history. What is dated by us, because the CRM tells only what holds now, is no row of the CRM's.
"""

from __future__ import annotations

import argparse
import gc
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from connector.clock import SystemClock
from connector.store.tables import changes
from tests.bench.line.setting import Tenant


def backfill(vendor: str, origin: str) -> dict[str, int]:
    """Install, read everything, and return how much was read."""
    with TemporaryDirectory() as folder:
        tenant = Tenant(vendor, origin, Path(folder), SystemClock())
        # As a worker does when it has started (workers/lifecycle).
        gc.freeze()
        tenant.until("identity")
        with tenant.services.store.reading() as session:
            dated = session.execute(sa.select(sa.func.count()).select_from(changes)).scalar_one()
        told = tenant.services.apps[vendor].capabilities.property_history
        return {"rows": tenant.done("sync"), "changes": dated if told else 0}


def main() -> None:
    """Read the command line, read the CRM, print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vendor")
    parser.add_argument("origin")
    chosen = parser.parse_args()
    print(json.dumps(backfill(chosen.vendor, chosen.origin)))


if __name__ == "__main__":
    main()
