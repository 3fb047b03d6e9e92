"""Commands. Each reads its options and calls one service."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from sqlalchemy.exc import OperationalError, ProgrammingError

from connector.bootstrap import board, build, consumed
from connector.commands import privacy
from connector.commands.access import invite
from connector.commands.api_keys import programs
from connector.commands.database import database
from connector.commands.enrichment import enrich
from connector.commands.keys import keys
from connector.commands.ledger import ledger
from connector.commands.models import models
from connector.commands.wired import services as wired
from connector.commands.wired import services_of
from connector.demo.options import DemoOptions
from connector.demo.sandboxes import SHARES
from connector.demo.show import FOLDER, show
from connector.errors import ConnectorError
from connector.services import (
    acts,
    free_text,
    maintenance,
    pipeline,
    pooling,
    publication,
    replaying,
    schedules,
    verification,
)
from connector.services.doctor import Level, Surroundings, examine
from connector.services.privacy import erasing, leaving
from connector.services.reports import refusals
from connector.services.reports.tracking import snippet
from connector.services.tracking import sites
from connector.settings import load

PATH = click.Path(path_type=Path)


@click.group()
def cli() -> None:
    """Lead scores for your CRM: install, sync, train, score, write back."""


@cli.command()
@click.option("--once", is_flag=True, help="End after the summary.")
@click.option("--data", type=PATH, help="A folder with a real export instead of made-up leads.")
@click.option("--mapping", type=PATH, help="The mapping.toml that names the export's columns.")
@click.option("--report", type=PATH, help="Write the figures as JSON to this file.")
@click.option("--keep", is_flag=True, help="Go on with the data of the last demo.")
@click.option("--contacts", type=int, default=10_000, show_default=True, help="How many leads to make up.")
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the made-up leads.")
@click.option("--now", help="The instant (ISO 8601) at which the made-up leads end. Default: the present.")
@click.option("--crm", "crms", multiple=True, type=click.Choice(sorted(SHARES)), help="Only this CRM; repeatable.")
@click.option("--folder", type=PATH, default=FOLDER, help="Where the demo keeps its data.")
def demo(folder: Path, **chosen: Any) -> None:
    """Show the whole line against sandbox CRMs on this machine."""
    show(DemoOptions(**chosen), folder)


@cli.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    maintenance.migrate(wired())


@cli.command()
def sweep() -> None:
    """Announce every piece of work that is due, do what is due by the clock, forget people, say goodbye to CRMs."""
    services = wired()
    done = sum(schedules.carry_out(services, tenant_id, kind) for tenant_id, kind in schedules.sweep(services))
    done += sum(erasing.carry_out(services, erasure_id) for erasure_id in erasing.due(services))
    done += sum(leaving.carry_out(services, connection_id) for connection_id in leaving.due(services))
    click.echo(f"{pipeline.sweep(services)} intents announced, {done} things done")


@cli.command()
@click.argument("tenant_id", type=click.UUID)
def schedule(tenant_id: UUID) -> None:
    """Show what is done by the clock for a tenant, and when (UTC)."""
    services = services_of(tenant_id)
    schedules.enter(services)
    for entry in schedules.of_tenant(services, tenant_id):
        due = "on demand" if entry.due_at is None else f"due {entry.due_at:%Y-%m-%d %H:%M:%S}"
        often = "" if entry.cadence is None else f", every {entry.cadence}"
        last = "never done" if entry.last_run_at is None else f"last done {entry.last_run_at:%Y-%m-%d %H:%M:%S}"
        click.echo(f"{entry.kind:<10} {due}{often}, {last}{', being done' if entry.leased_until else ''}")


@cli.command()
@click.argument("tenant_id", type=click.UUID)
def resume(tenant_id: UUID) -> None:
    """Take up a tenant's parked work once its cause is mended."""
    click.echo(f"{pipeline.resume(services_of(tenant_id), tenant_id)} parked stages are due again")


@cli.command()
@click.argument("tenant_id", type=click.UUID)
@click.option("--retrain", is_flag=True, help="Train a new model version as well.")
def refresh(tenant_id: UUID, retrain: bool) -> None:
    """Read what changed, score and write back."""
    maintenance.start_run(services_of(tenant_id), tenant_id, pipeline.RETRAIN if retrain else pipeline.REFRESH)


@cli.command("pooling")
@click.argument("tenant_id", type=click.UUID)
@click.argument("choice", type=click.Choice(("on", "off")))
def pool(tenant_id: UUID, choice: str) -> None:
    """Let a tenant's models give coefficients to other tenants' and take from them, or stop both."""
    pooling.choose(services_of(tenant_id), tenant_id, on=choice == "on")


@cli.command("free-text")
@click.argument("tenant_id", type=click.UUID)
@click.argument("field")
@click.argument("choice", type=click.Choice(("on", "off")))
def read_free_text(tenant_id: UUID, field: str, choice: str) -> None:
    """Let models read a field's free text for frequent words, without persons' data, from the next training on."""
    free_text.choose(services_of(tenant_id), tenant_id, field, on=choice == "on")


@cli.command()
@click.argument("tenant_id", type=click.UUID)
@click.argument("lead_id", type=int, required=False)
@click.option(
    "--at", type=click.DateTime(("%Y-%m-%dT%H:%M:%S%z",)), help="The lead's score as it stood then (ISO 8601)."
)
@click.option("--batches", type=click.IntRange(min=1), help="Without a lead: so many stored batches, evenly spread.")
def replay(tenant_id: UUID, lead_id: int | None, at: datetime | None, batches: int | None) -> None:
    """Recompute scores of the ledger from their stored inputs and compare bit for bit."""
    services = services_of(tenant_id)
    if lead_id is not None:
        found = replaying.replay_lead(services, tenant_id, lead_id, at)
    else:
        found = replaying.replay_ledger(services, tenant_id, batches)
    for wrong in found.wrong:
        click.echo(wrong)
    if found.wrong:
        raise click.ClickException("Not every score can be recomputed as it was recorded.")
    click.echo(f"{found.checked} scores recomputed, all equal to the last bit; {found.erased} without inputs")


@cli.command("dead-letters")
@click.argument("tenant_id", type=click.UUID)
@click.option("--replay", "again", is_flag=True, help="Try all of them again.")
def dead_letters(tenant_id: UUID, again: bool) -> None:
    """List what the CRMs refused, in their words, or let it be tried again."""
    services = services_of(tenant_id)
    for account, letters in refusals.of_tenant(services, tenant_id):
        click.echo(f"{account.account_name} ({account.vendor})")
        for letter in letters:
            since = f"since {letter.since:%Y-%m-%d %H:%M} UTC, " if letter.since else ""
            click.echo(f"  record {letter.vendor_id}: {letter.message} ({since}refused {letter.failures}×)")
        if again:
            click.echo(f"  {publication.replay(services, tenant_id, account.id):,} to be tried again")


@cli.command("verify")
@click.argument("tenant_id", type=click.UUID)
def verify_sample(tenant_id: UUID) -> None:
    """Read a sample of the written scores back from each CRM and compare."""
    for account, found in verification.verify_tenant(services_of(tenant_id), tenant_id):
        rest = f", {found.differing:,} differ, {found.gone:,} are gone" if found.differing or found.gone else ""
        click.echo(f"{account}: {found.equal:,} of {found.sampled:,} read back equal{rest}")


@cli.group("tracking")
def track() -> None:
    """A tenant's own sites as a source of engagement."""


@track.command("add-site")
@click.argument("tenant_id", type=click.UUID)
@click.argument("name")
@click.option("--origin", "origins", multiple=True, required=True, help="Where its pages live; repeatable.")
def add_site(tenant_id: UUID, name: str, origins: tuple[str, ...]) -> None:
    """Register a site; print its snippet, and its server's secret this once."""
    services = services_of(tenant_id)
    made = sites.add(services, tenant_id, name, origins)
    click.echo(f"site    {made.site.id}\nsnippet {snippet(services, made.site)}\nsecret  {made.secret}")


@track.command("replace-secret")
@click.argument("tenant_id", type=click.UUID)
@click.argument("site_id", type=click.UUID)
def replace_secret(tenant_id: UUID, site_id: UUID) -> None:
    """Give a site's server another secret, printed this once; the former ends at once."""
    made = sites.replace_secret(services_of(tenant_id), tenant_id, site_id)
    if made is None:
        raise click.ClickException(f"Tenant {tenant_id} has no site {site_id}.")
    click.echo(f"secret  {made.secret}")


@cli.command()
def doctor() -> None:
    """Look at settings, database, Redis, keys, workers and work; status 1 if anything is a problem."""
    settings = load(os.environ)
    around = Surroundings(
        settings.public_url, sorted(settings.crms), settings.sweep_seconds, board(settings), lambda: consumed(settings)
    )
    levels = set()
    for found in examine(build(settings), around):
        levels.add(found.level)
        click.echo(f"{found.level:8} {found.part}: {found.sentence}")
    sys.exit(Level.PROBLEM in levels)


for command in (database, enrich, invite, keys, ledger, models, programs, *privacy.COMMANDS):
    cli.add_command(command)


def main() -> None:
    """Run the command line; what went wrong is one sentence, not a traceback."""
    try:
        with acts.asked_by("the command line"):
            cli()
    except ConnectorError as error:
        sys.exit(f"connector: {error}")
    except (OperationalError, ProgrammingError) as error:
        # The driver's own words name host and cause, never the password; the statement is left out.
        cause = str(error.orig).strip().partition("\n")[0]
        sys.exit(
            f"connector: the database of DATABASE_URL can't be used: {cause}. "
            "Start it, correct the address, or make its tables with `python -m connector migrate`."
        )
