"""Our own backfill in a process of its own: ``python -m tests.bench.rivals.ours VENDOR ORIGIN`` prints what it read."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import requests

from connector.demo.browser import consent
from connector.services import install
from connector.store import runs
from tests.bench.line import stage_of, wire
from workers.outcomes import carry_out


def backfill(vendor: str, origin: str) -> int:
    """Install, read everything, and return how many rows (records, companies, events) were read."""
    with TemporaryDirectory() as folder:
        woken: list[UUID] = []
        services = wire(vendor, origin, Path(folder), woken)
        landed = consent(requests.Session(), install.begin(services, vendor, "bench", None))
        query = parse_qs(urlsplit(landed).query)
        installed = install.complete(services, vendor, "bench", query["state"][0], query["code"][0])
        while woken:
            intent_id = woken.pop(0)
            carry_out(services, intent_id)
            if stage_of(services, intent_id) == "sync":
                break
        with services.store.reading() as session:
            run = runs.latest(session, installed.tenant_id)
            assert run
            return runs.stages(session, run.id)["sync"].done


def main() -> None:
    """Read the command line, read the CRM, print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vendor")
    parser.add_argument("origin")
    chosen = parser.parse_args()
    print(json.dumps({"rows": backfill(chosen.vendor, chosen.origin)}))


if __name__ == "__main__":
    main()
