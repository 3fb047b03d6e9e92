"""Commands about model versions: what there is, and which one scores."""

from __future__ import annotations

from uuid import UUID

import click

from connector.commands.wired import services_of
from connector.services.champions import choosing, trying
from connector.services.reports.versions import versions_report


@click.group()
def models() -> None:
    """Model versions, and which one scores."""


@models.command("list")
@click.argument("tenant_id", type=click.UUID)
def list_versions(tenant_id: UUID) -> None:
    """List a tenant's versions, newest first, with what became of each and why."""
    for one in versions_report(services_of(tenant_id), tenant_id).versions:
        click.echo(f"{one.version:<22} {one.status:<10} {one.created_at:%Y-%m-%d %H:%M} UTC  {one.sentence}")


@models.command()
@click.argument("tenant_id", type=click.UUID)
@click.argument("version")
def approve(tenant_id: UUID, version: str) -> None:
    """Let a model that waits score from now on; everybody is scored by it."""
    choosing.approve(services_of(tenant_id), tenant_id, version)


@models.command()
@click.argument("tenant_id", type=click.UUID)
@click.argument("version")
def refuse(tenant_id: UUID, version: str) -> None:
    """Say no to a model that waits."""
    choosing.refuse(services_of(tenant_id), tenant_id, version)


@models.command("try")
@click.argument("tenant_id", type=click.UUID)
@click.argument("version")
@click.option("--share", default="10", show_default=True, help="Percent of the companies.")
@click.option("--days", default="7", show_default=True, help="Days until it takes over, if nothing is wrong.")
@click.option("--limit", default="25", show_default=True, help="Percent of High-Intent leads whose change ends it.")
def try_version(tenant_id: UUID, version: str, share: str, days: str, limit: str) -> None:
    """Let a model that waits score a share of the companies first."""
    trial = trying.read_canary({"share": share, "days": days, "limit": limit})
    trying.begin(services_of(tenant_id), tenant_id, version, trial)


@models.command()
@click.argument("tenant_id", type=click.UUID)
def promote(tenant_id: UUID) -> None:
    """Let the model that is tried score everybody."""
    trying.promote(services_of(tenant_id), tenant_id)


@models.command()
@click.argument("tenant_id", type=click.UUID)
def withdraw(tenant_id: UUID) -> None:
    """Take the model that is tried back, and with it exactly the scores of before."""
    trying.withdraw(services_of(tenant_id), tenant_id)


@models.command()
@click.argument("tenant_id", type=click.UUID)
def rollback(tenant_id: UUID) -> None:
    """Bring the former model back, and with it exactly the scores of before."""
    gone, back = choosing.roll_back(services_of(tenant_id), tenant_id)
    click.echo(f"{back} scores again instead of {gone}; the scores of before are on their way to the CRMs")
