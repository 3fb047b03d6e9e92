"""The demo: start everything, install as an admin would, watch the line, check what the CRM holds."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.console import Console

from connector.demo import figures, steps, using
from connector.demo.browser import Browser
from connector.demo.options import DemoOptions
from connector.demo.readback import read_back
from connector.demo.sandboxes import IMPORTING
from connector.demo.stack import ROOT, NotReady, Stack
from connector.demo.watch import watch
from connector.errors import RetryLater
from connector.services.audit import checking
from connector.services.context import Services
from connector.services.drift import watching as drift_watch
from connector.services.forecasts import weekly
from connector.services.kpis import making
from connector.services.periodic import asking
from connector.services.pitfalls import watching as pitfall_watch
from connector.store import connections, models
from connector.store.connections import CrmConnection

FOLDER = ROOT / ".data" / "demo"


def show(options: DemoOptions, folder: Path) -> None:
    """Run the demo; raises a ``ConnectorError`` whose message says what stopped it."""
    if options.report and not options.report.parent.is_dir():
        raise NotReady(f"The report can't be written: there is no folder {options.report.parent}.")
    if options.data and (deaf := set(options.crms) - set(IMPORTING)):
        raise NotReady(f"An export can't be filled into {', '.join(sorted(deaf))}; only into {', '.join(IMPORTING)}.")
    console = Console()
    stack = Stack(options, folder)
    try:
        console.print("Starting the sandbox CRMs, the broker and the web app …")
        services = stack.start()
        summary = _line(stack, services, console)
        if options.report:
            options.report.write_text(json.dumps(summary, indent=2) + "\n", "utf-8")
        if not options.once:
            _stay(stack, console)
    finally:
        stack.stop()


def _line(stack: Stack, services: Services, console: Console) -> dict[str, Any]:
    """Install into each CRM, follow the run to its end, let the scores be written, read back, print."""
    begun = stack.clock.monotonic()
    address = stack.web
    browser = Browser()
    for vendor in stack.sandboxes:
        console.print(f"Installing the app in the sandbox {services.apps[vendor].capabilities.label} account …")
        address = browser.install(stack.web, vendor, address)
    # Started only now, so that one first run reads all accounts.
    stack.start_worker()
    tenant_id = _tenant(services)
    run, progress = watch(services, tenant_id, console, stack.alive)
    rows = figures.stage_rows(run, progress)
    fresh = steps.untouched(services, tenant_id)
    if fresh:
        rows[-1] = _published(stack, services, tenant_id, browser, console)
    seconds = stack.clock.monotonic() - begun
    console.print("Reading the scores back by each CRM's own API …")
    with services.store.reading(tenant_id) as session:
        installed = connections.of_tenant(session, tenant_id)
        champion = models.champion(session, tenant_id)
    if fresh and not stack.options.data:
        console.print("Signing objectives, entering spend and rating some scores, in the demo's own name …")
        using.use(services, tenant_id)
    console.print("Doing what the clock does at night: figures, drift, pitfalls, reports, the check of the record …")
    _calendar(services, tenant_id)
    report = champion.report if champion else {}
    summary = {
        "seconds": round(seconds, 2),
        "stages": rows,
        "crms": {item.vendor: _crm(stack, services, item) for item in installed},
        "model": figures.model_row(report),
    }
    figures.print_summary(console, summary, str(report.get("verdict", {}).get("sentence", "")))
    return summary


def _published(stack: Stack, services: Services, tenant_id: UUID, browser: Browser, console: Console) -> dict[str, Any]:
    """Go through the steps and let the scores be written; return the figures of the writing, which begins only then."""
    console.print("Going through the steps as an admin does: readiness, goal, look back, what would be written, Go …")
    begun = stack.clock.monotonic()
    steps.walk(services, tenant_id, browser, stack.web)
    run, progress = watch(services, tenant_id, console, stack.alive)
    (row,) = figures.stage_rows(run, progress)
    return {**row, "seconds": round(stack.clock.monotonic() - begun, 2)}


def _calendar(services: Services, tenant_id: UUID) -> None:
    """Do now what the clock would do in the coming nights, so that every page has something to show."""
    making.make(services, tenant_id)
    weekly.run(services, tenant_id)
    drift_watch.watch(services, tenant_id)
    pitfall_watch.look(services, tenant_id)
    asking.make_now(services, tenant_id)
    _check_record(services, tenant_id)


def _check_record(services: Services, tenant_id: UUID) -> None:
    """Verify the whole ledger; that of many leads takes several turns."""
    try:
        checking.check(services, tenant_id)
    except RetryLater:
        _check_record(services, tenant_id)


def _tenant(services: Services) -> UUID:
    """Return the tenant that the installation made: the only one of this data folder."""
    with services.store.reading() as session:
        return connections.newest(session).tenant_id


def _crm(stack: Stack, services: Services, connection: CrmConnection) -> dict[str, Any]:
    # Counted before the read-back, which is the demo's own and not the product's.
    counted = stack.sandboxes[connection.vendor].requests_seen()
    held = read_back(services, connection.id)
    return {
        "records_read": held.records_read,
        "events_read": held.events_read,
        "requests": counted.total,
        "rate_limited": counted.rate_limited,
        "scores_written": held.written,
        "scores_verified": held.verified,
        "high_intent": held.high_intent,
    }


def _stay(stack: Stack, console: Console) -> None:
    """Keep everything running until Ctrl-C."""
    # Not wrapped: an address in two lines can't be followed.
    console.print(f"\nOpen [bold]{stack.web}[/bold]", soft_wrap=True)
    console.print("and press the button of a CRM, then Allow: that signs you in as its admin.", soft_wrap=True)
    console.print("Ctrl-C ends the demo.")
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: ended.set())
    while not ended.wait(1.0):
        stack.alive()
