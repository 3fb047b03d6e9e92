"""Our own backfill in a process of its own: ``python -m tests.bench.rivals.ours VENDOR ORIGIN`` prints what it read."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory

from connector.clock import SystemClock
from tests.bench.line.setting import Tenant


def backfill(vendor: str, origin: str) -> int:
    """Install, read everything, and return how many rows (records, companies, events) were read."""
    with TemporaryDirectory() as folder:
        tenant = Tenant(vendor, origin, Path(folder), SystemClock())
        tenant.until("identity")
        return tenant.done("sync")


def main() -> None:
    """Read the command line, read the CRM, print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vendor")
    parser.add_argument("origin")
    chosen = parser.parse_args()
    print(json.dumps({"rows": backfill(chosen.vendor, chosen.origin)}))


if __name__ == "__main__":
    main()
