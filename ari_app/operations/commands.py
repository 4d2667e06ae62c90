"""Command line of the operator's tasks."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import make_url

from ari_app import __version__
from ari_app.operations import backup as backups
from ari_app.operations import logs
from ari_app.operations.asterisk_command import run_asterisk
from ari_app.operations.database_copy import copy_database
from ari_app.operations.locations import locations
from ari_app.operations.running_service import refuse_database_in_use
from ari_app.operations.starter_commands import starter
from ari_app.operations.units import units
from ari_app.settings import database_address
from dev.paths import RUNTIME
from foundation.clock import utc_now

BACKUPS = RUNTIME / "backups"


def register(app: typer.Typer) -> None:
    """Add the operator's commands to the `hotline` command."""
    app.callback()(_options)
    app.command("asterisk")(run_asterisk)
    app.command("backup")(back_up)
    app.command("verify-backup")(verify_backup)
    app.command("restore")(restore)
    app.command("move-database")(move_database)
    app.command("install-units")(install_units)
    app.command("logs")(show_logs)
    app.add_typer(starter, name="starter")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"hotline {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Run a service hotline and call centre on Asterisk."""


def back_up(
    to: Annotated[Path, typer.Option(help="folder of backups, best on another disk")] = BACKUPS,
    keep_days: Annotated[int, typer.Option(min=1, help="remove older backups, never the newest")] = 30,
) -> None:
    """Back up database, recordings, deferred requests, call flows; read it back."""
    begun = time.monotonic()
    folder, manifest = backups.back_up(locations(), to)
    removed = backups.remove_old(to, keep_days, utc_now())
    typer.echo(
        f"{folder}: {manifest.rows} rows, {len(manifest.files)} files, {manifest.size} bytes, "
        f"{time.monotonic() - begun:.1f} s; {len(removed)} older backups removed"
    )


def verify_backup(folder: Annotated[Path, typer.Argument(help="a backup's folder")]) -> None:
    """Read a whole backup again and compare it with its sums."""
    manifest = backups.verify(folder)
    typer.echo(f"{folder}: whole, {manifest.rows} rows, {len(manifest.files)} files")


def restore(
    folder: Annotated[Path, typer.Argument(help="a backup's folder")],
    with_callflows: Annotated[bool, typer.Option(help="replace the call flows by those of the backup")] = False,
) -> None:
    """Restore a backup into an empty database and empty folders."""
    begun = time.monotonic()
    into = locations()
    typer.echo(f"database: {into.database_name}\nrecordings: {into.recordings}")
    refuse_database_in_use(into, into.database_name)
    manifest = backups.restore(folder, into, with_callflows=with_callflows)
    typer.echo(
        f"restored the backup of {manifest.created_at:%Y-%m-%d %H:%M:%S}Z: {manifest.rows} rows, "
        f"{len(manifest.files)} files, {time.monotonic() - begun:.1f} s"
    )


def move_database(
    source: Annotated[str, typer.Argument(metavar="FROM", help="such as sqlite:////var/lib/hotline/hotline.db")],
    target: Annotated[str, typer.Argument(metavar="TO", help="such as postgresql://hotline:…@127.0.0.1/hotline")],
) -> None:
    """Copy a database into an empty one; stop the service first."""
    addresses = []
    for name, value in (("FROM", source), ("TO", target)):
        try:
            addresses.append(database_address(value))
        except ValueError as error:
            typer.echo(f"{name}: {error}", err=True)
            sys.exit(2)
    names = [make_url(address).render_as_string(hide_password=True) for address in addresses]
    refuse_database_in_use(locations(), *names)
    begun = time.monotonic()
    for entry in copy_database(*addresses):
        typer.echo(f"{entry.table:<24} {entry.rows:>10} rows  {entry.checksum}")
    typer.echo(f"both sides have the same rows; {time.monotonic() - begun:.1f} s")


def show_logs(
    files: Annotated[
        list[Path] | None, typer.Argument(help="log files, - for standard input; by default those of `make run`")
    ] = None,
    call: Annotated[str | None, typer.Option(help="id of a call")] = None,
    ticket: Annotated[str | None, typer.Option(help="id or number of a ticket")] = None,
) -> None:
    """Print the log lines about a call, or a ticket and calls."""
    if (call is None) == (ticket is None):
        typer.echo("give --call ID, or --ticket ID", err=True)
        sys.exit(2)
    lines = logs.about(files or logs.FILES, sys.stdin, call=call, ticket=ticket)
    for line in lines:
        typer.echo(line)
    if not lines:
        typer.echo(f"no line names {call or ticket}", err=True)
        sys.exit(1)


def install_units(
    user: Annotated[str, typer.Option(help="system account of the service")] = "hotline",
    environment: Annotated[Path, typer.Option(help="file of HOTLINE_… variables")] = Path("/etc/hotline/hotline.env"),
    backup_folder: Annotated[Path, typer.Option(help="folder of backups")] = Path("/var/backups/hotline"),
    output: Annotated[Path | None, typer.Option(help="folder to write the units to; else they are printed")] = None,
) -> None:
    """Print systemd units for a machine without containers."""
    for name, text in units(user=user, environment=environment, backups=backup_folder).items():
        if output is None:
            typer.echo(f"# {name}\n{text}")
        else:
            output.mkdir(parents=True, exist_ok=True)
            (output / name).write_text(text, encoding="utf-8")
            typer.echo(output / name)
