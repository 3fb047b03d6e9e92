"""The most memory that a process holds while it reads a CRM, which stands in a process of its own.

On the machine's clock: a process's memory is told as a whole, and on a virtual clock the sandbox would be in it.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from connector.clock import SystemClock
from tests.bench.line.measure import Row, row
from tests.bench.line.setting import REDIRECT, Plan, Tenant

PATIENCE_SECONDS = 3_600.0
KIBIBYTES = 1024
MOST_MEBIBYTES = 400


def peak(plan: Plan) -> Row:
    """Read a CRM to its end; return the peak of this process, which must have done nothing else before."""
    with TemporaryDirectory() as folder, apart(plan, Path(folder)) as origin:
        Tenant(plan.vendor, origin, Path(folder), SystemClock()).until("identity")
        mebibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIBIBYTES
    name = f"{plan.vendor}: peak memory of reading {plan.contacts:,} people"
    return row(name, "MiB", mebibytes, MOST_MEBIBYTES, (MOST_MEBIBYTES / mebibytes, 1.0))


@contextmanager
def apart(plan: Plan, folder: Path) -> Iterator[str]:
    """Serve a filled sandbox CRM in a process of its own; give its origin."""
    port_file = folder / "port"
    command = [sys.executable, "-m", "connector.sandbox", plan.vendor, "--port-file", str(port_file)]
    command += ["--contacts", str(plan.contacts), "--latency", str(plan.latency), "--redirect-uri", REDIRECT]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    clock = SystemClock()
    deadline = clock.monotonic() + PATIENCE_SECONDS
    try:
        while not port_file.exists():
            if process.poll() is not None or clock.monotonic() > deadline:
                raise SystemExit(f"The {plan.vendor} sandbox did not start.")
            clock.sleep(0.1)
        yield f"http://127.0.0.1:{port_file.read_text('ascii')}"
    finally:
        process.terminate()
        process.wait()
