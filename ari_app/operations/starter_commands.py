"""Command line of the starter set."""

from pathlib import Path
from typing import Annotated

import typer

from ari_app.operations.locations import locations
from ari_app.operations.running_service import service_of, with_database
from crm.starter.model import SHIPPED, read_starter_set
from crm.starter.service import Loaded, load
from foundation.database import Database

starter = typer.Typer(help="Departments and causes to begin with.", no_args_is_help=True)


@starter.command("show")
def show() -> None:
    """Print the shipped starter set, to copy and change."""
    typer.echo(SHIPPED.read_text(encoding="utf-8"), nl=False)


@starter.command("load")
def load_set(
    file: Annotated[Path, typer.Argument(help="a starter set of your own; else the shipped one")] = SHIPPED,
) -> None:
    """Enter the missing departments and causes; what exists stays as it is."""
    given = read_starter_set(file)
    of = locations()
    typer.echo(f"database: {of.database_name}")
    service_of(of)

    async def loaded(database: Database) -> Loaded:
        return await load(database, given)

    found = with_database(of, loaded)
    typer.echo(f"added: {', '.join(found.added)}" if found.added else "nothing was missing")
    for one in given.departments:
        typer.echo(f"department {one.name}: {found.departments[one.name]}")
