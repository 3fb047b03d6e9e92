"""Facts about companies that come from elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from uuid import UUID

import click

from connector.commands.wired import services_of
from connector.services.enrichment.uploading import upload
from connector.services.reports.enrichment import source_reports


@click.group()
def enrich() -> None:
    """Facts about companies from other sources; turned on and off on the page Enrichment."""


@enrich.command("upload")
@click.argument("tenant_id", type=click.UUID)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--map", "mapped", multiple=True, help="heading=field for a column that is headed otherwise; repeatable.")
def upload_facts(tenant_id: UUID, file: Path, mapped: tuple[str, ...]) -> None:
    """Take in a CSV or Parquet file; status 1 if a line was refused."""
    done = upload(services_of(tenant_id), tenant_id, file.read_bytes(), "\n".join(mapped))
    for line in done.refused:
        click.echo(f"line {line.line} {line.reason}")
    unread = f"; not read: {', '.join(done.unread)}" if done.unread else ""
    click.echo(f"{done.taken:,} lines taken, {len(done.refused):,} refused, {done.changed:,} values changed{unread}")
    sys.exit(bool(done.refused))


@enrich.command("show")
@click.argument("tenant_id", type=click.UUID)
def show_sources(tenant_id: UUID) -> None:
    """Show each source: whether it is on, what was asked, what came of it, and what is wrong with it."""
    for found in source_reports(services_of(tenant_id), tenant_id):
        state = "on" if found.on else "off"
        asked = f"{found.spent.today:,} asked today, {found.spent.month:,} this month"
        click.echo(f"{found.label} ({found.name}): {state}, {asked}; {found.found:,} found, {found.unknown:,} unknown")
        if found.source and found.source.trouble:
            click.echo(f"  {found.source.trouble}")
