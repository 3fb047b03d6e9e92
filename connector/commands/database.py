"""Commands about the database's own roles."""

from __future__ import annotations

import click

from connector.commands.wired import services
from connector.services import maintenance


@click.group()
def database() -> None:
    """Rights in the database."""


@database.command()
@click.argument("role")
@click.option("--execute", is_flag=True, help="Run the statements instead of printing them.")
def grants(role: str, execute: bool) -> None:
    """Say what the product's processes need of PostgreSQL, as statements for ROLE: no more than that."""
    statements = maintenance.grant(services(), role, execute=execute)
    if execute:
        click.echo(f"{len(statements)} statements run for {role}")
    else:
        click.echo("\n".join(f"{statement};" for statement in statements))
