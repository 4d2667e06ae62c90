"""The `hotline` command."""

import asyncio
import json
import os
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from pydantic import SecretStr, ValidationError
from sqlalchemy.exc import DBAPIError
from typer.core import TyperGroup

from ari_app.desk import message_schema
from ari_app.fallback import watchdog as fallback_watchdog
from ari_app.operations import commands as operator_commands
from ari_app.operations import settings_page
from ari_app.operations.call_commands import call
from ari_app.operations.locations import NEEDED, locations
from ari_app.operations.queue_commands import queues
from ari_app.operations.queues_in_force import FILE as QUEUES_FILE
from ari_app.operations.queues_in_force import named, stored_version
from ari_app.operations.served_queues import served_but_removed
from ari_app.operations.staff_commands import staff
from ari_app.operations.trunks.commands import trunk
from ari_app.runtime import logs, process
from ari_app.runtime.configuration import drawn, read_configuration
from ari_app.runtime.supervisor import ProcessSupervisor
from ari_app.runtime.surroundings import first_line
from ari_app.settings import PREFIX, Settings, invalid_settings, unknown_variables
from crm.reports.definitions import page as figure_page
from crm.tickets import transition_page
from dev.given import given_settings
from dev.paths import PROJECT
from dev.processes import ProcessFailed
from dev.stack import SAMPLE_PASSWORD
from dev.up import up as run_until_ctrl_c
from foundation.findings import ConfigurationInvalid, Finding
from foundation.problems import Problem


class Commands(TyperGroup):
    """Commands that refuse in sentences; a traceback is for defects only."""

    def invoke(self, ctx: Any) -> Any:
        """Carry out a command."""
        for line in unknown_variables(os.environ):
            typer.echo(line, err=True)
        try:
            return super().invoke(ctx)
        except ConfigurationInvalid as invalid:
            for finding in invalid.findings:
                typer.echo(str(finding))
            sys.exit(1)
        except ProcessFailed as failed:
            _refuse(str(failed))
        except Problem as problem:
            _refuse(*problem.lines())
        except ValidationError as error:
            if error.title != Settings.__name__:
                raise
            _refuse(*invalid_settings(error))
        except DBAPIError as error:
            _refuse(
                f"the database of {PREFIX}DATABASE_URL, or of the command line, cannot be used: {first_line(error)}"
            )


app = typer.Typer(
    cls=Commands, help="A service hotline and call centre on Asterisk.", no_args_is_help=True, add_completion=False
)
flows = typer.Typer(help="Check and draw call flows.", no_args_is_help=True)
app.add_typer(flows, name="flows")
tickets = typer.Typer(help="Describe tickets.", no_args_is_help=True)
settings_commands = typer.Typer(help="Describe settings.", no_args_is_help=True)
figures = typer.Typer(help="Describe figures.", no_args_is_help=True)
app.add_typer(staff, name="staff")
app.add_typer(trunk, name="trunk")
app.add_typer(settings_commands, name="settings")
app.add_typer(tickets, name="tickets")
app.add_typer(figures, name="figures")
app.add_typer(queues, name="queues")
app.add_typer(call, name="call")
operator_commands.register(app)

CALLFLOWS = Path(os.environ.get("HOTLINE_CALLFLOWS") or PROJECT / "callflows")


@app.command()
def up() -> None:
    """Start Asterisk, Redis and the hotline with sample data."""
    given = given_settings()
    # What it gives its service itself, and the rest as the service will read it.
    Settings(ari_password=SecretStr("unused"), sample_password=SecretStr(given.get("SAMPLE_PASSWORD", SAMPLE_PASSWORD)))
    run_until_ctrl_c(given)


@app.command()
def serve() -> None:
    """Run the service alone, with the servers of the HOTLINE_… settings."""
    process.run(Settings())


@app.command()
def supervise() -> None:
    """Run the service, restart it when it dies, reload it on SIGHUP."""
    logs.configure("supervisor")
    sys.exit(ProcessSupervisor(serve, check=("-m", "ari_app.cli", "check")).run())


# A supervisor that runs since the command had this name starts itself again with it on SIGHUP.
app.command("keep", hidden=True)(supervise)


@app.command()
def check() -> None:
    """Check code, settings, flows, queues and notices without starting the service."""
    if NEEDED not in os.environ:
        # Beside `make run`, which gives its service the other settings.
        typer.echo(f"{NEEDED} is not set: checking the configuration of `make run`", err=True)
    process.check(_settings_or_default())
    typer.echo("in order")


@app.command()
def openapi(
    desk_messages: Annotated[bool, typer.Option(help="the messages of the desk's WebSocket instead")] = False,
    output: Annotated[Path | None, typer.Option(help="where to write it; standard output otherwise")] = None,
) -> None:
    """Print the API's description, OpenAPI 3.1, without a running service."""
    document = message_schema.desk_messages() if desk_messages else process.description(_settings_or_default())
    _hand_out(json.dumps(document, ensure_ascii=False, indent=1), output)


@app.command()
def watchdog() -> None:
    """Lead waiting callers to the fallback while the service is away."""
    logs.configure("watchdog")
    asyncio.run(fallback_watchdog.watch(Settings()))


def _settings_or_default() -> Settings:
    """Return the settings; beside `make run`, those without a password."""
    return Settings() if NEEDED in os.environ else Settings(ari_password=SecretStr("unused"))


@flows.command("check")
def check_flows(folder: Annotated[Path, typer.Argument(help="the folder of flows")] = CALLFLOWS) -> None:
    """Name every fault of the folder as `file:line: rule: text`."""
    if not folder.is_dir():
        _refuse(f"there is no folder {folder}")
    text = _version_in_force(folder)
    found = read_configuration(folder, queues_text=text)
    findings = [*found.findings, *_of_accounts(folder, found.queues, text)]
    for finding in findings:
        typer.echo(str(finding))
    if findings:
        sys.exit(1)
    typer.echo(f"{folder}: in order")


def _version_in_force(folder: Path) -> bytes | None:
    """Return the console's queues, if they count instead of the file."""
    of = locations()
    stored, obstacle = stored_version(of) if folder.resolve() == of.callflows.resolve() else (None, None)
    if obstacle is not None:
        typer.echo(obstacle, err=True)
    if stored is None:
        return None
    typer.echo(f"queues: {named(stored)}; {QUEUES_FILE} of the folder does not count", err=True)
    return stored.text.encode()


def _of_accounts(folder: Path, queues: Collection[str], text: bytes | None) -> list[Finding]:
    """Return the findings about agents, if the folder is a service's."""
    of = locations()
    if not queues or folder.resolve() != of.callflows.resolve():
        return []
    written = text.decode() if text is not None else (folder / QUEUES_FILE).read_text(encoding="utf-8")
    findings, obstacle = served_but_removed(of, queues, written)
    if obstacle is not None:
        typer.echo(obstacle, err=True)
    return findings


@flows.command("draw")
def draw_flow(
    flow: Annotated[str, typer.Argument(help="the flow's name, such as hotline")],
    output: Annotated[Path | None, typer.Option(help="where to write the SVG; standard output otherwise")] = None,
    folder: Annotated[Path, typer.Option(help="the folder of flows")] = CALLFLOWS,
    language: Annotated[str, typer.Option(help="the language of its prompts: zh or en")] = "zh",
) -> None:
    """Draw a flow as SVG."""
    _hand_out(drawn(folder, flow, language), output)


@settings_commands.command("table")
def settings_table(
    output: Annotated[Path | None, typer.Option(help="where to write it; standard output otherwise")] = None,
) -> None:
    """Print every setting as Markdown."""
    _hand_out(settings_page.rendered(), output)


@tickets.command("table")
def ticket_table(
    output: Annotated[Path | None, typer.Option(help="where to write it; standard output otherwise")] = None,
) -> None:
    """Print the permissions of every ticket state as Markdown."""
    _hand_out(transition_page.rendered(), output)


@figures.command("table")
def figure_table(
    output: Annotated[Path | None, typer.Option(help="where to write it; standard output otherwise")] = None,
) -> None:
    """Print the definition of every figure as Markdown."""
    _hand_out(figure_page.rendered(), output)


def _hand_out(text: str, output: Path | None) -> None:
    if output is None:
        typer.echo(text, nl=not text.endswith("\n"))
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        _refuse(f"--output: {output} cannot be written: {error.strerror}")


def _refuse(*lines: str) -> NoReturn:
    for line in lines:
        typer.echo(line, err=True)
    sys.exit(2)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
