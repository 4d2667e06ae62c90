"""Command line of the carrier's trunk."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from ari_app.ari.ami import AmiClient
from ari_app.ari.errors import AriError
from ari_app.operations.locations import NEEDED
from ari_app.operations.trunks.checks import TrunkReport, check
from ari_app.operations.trunks.errors import AsteriskAway, NoTrunk, TrunkFileExists
from ari_app.operations.trunks.files import PJSIP, WrittenTrunk, written_trunks
from ari_app.operations.trunks.templates import Trunk, TrunkKind, rendered
from ari_app.settings import Settings
from dev.asterisk import AsteriskAddress
from dev.last_run import RUN
from dev.ownership import RunRecord
from dev.paths import ASTERISK_SITE

trunk = typer.Typer(help="The carrier's trunk: write its file, check it.", no_args_is_help=True)
SiteOption = Annotated[Path, typer.Option(help="folder of your own Asterisk files")]


@dataclass(frozen=True)
class AsteriskAccess:
    """Manager interface of the running Asterisk, and HOTLINE_TRUNK."""

    host: str
    port: int
    user: str
    password: str
    dial_string: str | None


@trunk.command("template")
def write_template(
    kind: Annotated[TrunkKind, typer.Argument(help="how the carrier knows you: an account, your address, or TLS")],
    server: Annotated[str, typer.Option(help="the carrier's host or address, with :port where it is not the usual")],
    user: Annotated[str | None, typer.Option(help="account at the carrier; required for registration")] = None,
    address: Annotated[
        list[str] | None, typer.Option(help="network that the carrier's calls come from; by default the server")
    ] = None,
    number: Annotated[str, typer.Option(help="number to which a registered carrier sends calls")] = "96001",
    name: Annotated[str, typer.Option(help="name of the trunk in HOTLINE_TRUNK")] = "carrier",
    codecs: Annotated[str, typer.Option(help="in the carrier's order: alaw, ulaw, g722, gsm")] = "alaw,ulaw",
    tls_port: Annotated[int, typer.Option(min=1, max=65535, help="our own port for TLS")] = 5061,
    write: Annotated[bool, typer.Option("--write", help="write it into the site folder; else it is printed")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="replace the file if it exists")] = False,
    site: SiteOption = ASTERISK_SITE,
) -> None:
    """Write the file of a trunk: registration, ip, or tls with SRTP."""
    text = rendered(
        Trunk(
            kind,
            server,
            name=name,
            user=user,
            addresses=address or (),
            number=number,
            codecs=codecs.replace(" ", "").split(","),
            tls_port=tls_port,
        )
    )
    if not write:
        typer.echo(text, nl=False)
        return
    file = site / PJSIP / f"{name}.conf"
    if file.exists() and not replace:
        raise TrunkFileExists(f"{file} exists: look at it, then use --replace")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    typer.echo(file)
    for line in _next_steps(kind, name, user):
        typer.echo(f"  {line}", err=True)


@trunk.command("check")
def check_trunks(site: SiteOption = ASTERISK_SITE) -> None:
    """Ask the running Asterisk whether the trunk works, in words."""
    written = written_trunks(site)
    if not written:
        raise NoTrunk(f"no trunk is in {site / PJSIP}: see hotline trunk template --help")
    access = _access()
    reports = asyncio.run(reports_of(access, written))
    for report in reports:
        typer.echo(f"{report.trunk.name} ({report.trunk.file})")
        for finding in report.findings:
            typer.echo(str(finding))
    if not all(report.ok for report in reports):
        sys.exit(1)


def _next_steps(kind: TrunkKind, name: str, user: str | None) -> list[str]:
    steps = [f"set HOTLINE_TRUNK=PJSIP/{{number}}@{name}, HOTLINE_TRUNK_NUMBER_FORMAT and HOTLINE_AREA_CODE"]
    if user is not None:
        steps.append("set HOTLINE_TRUNK_PASSWORD to the account's password")
    if kind is TrunkKind.TLS:
        steps.append("put hotline.pem, hotline.key and carrier-ca.pem into asterisk/site/keys/")
    return [*steps, "start Asterisk anew while no call runs, then: hotline trunk check"]


async def reports_of(access: AsteriskAccess, written: list[WrittenTrunk]) -> list[TrunkReport]:
    """Check trunks one after the other.

    Raises:
        AsteriskAway: the manager interface did not answer.
    """
    ami = AmiClient(access.host, access.port, access.user, access.password)
    await ami.start()
    try:
        return [await check(ami, one, access.dial_string) for one in written]
    except AriError as error:
        raise AsteriskAway(f"Asterisk at {access.host}:{access.port} could not be asked: {error.message}") from error
    finally:
        await ami.aclose()


def _access() -> AsteriskAccess:
    """Return the Asterisk of the environment's service, else of `make run`."""
    if NEEDED in os.environ:
        settings = Settings()
        password = settings.ari_password.get_secret_value()
        return AsteriskAccess(settings.ami_host, settings.ami_port, settings.ari_user, password, settings.trunk)
    record = RunRecord.read(RUN)
    port = record.port("ami_port") if record is not None else None
    if port is None:
        _refuse(f"`make run` does not run or is still starting, and {NEEDED} is not set: there is no Asterisk to ask")
    of = AsteriskAddress
    return AsteriskAccess(of.address, port, of.user, of.password, os.environ.get("HOTLINE_TRUNK"))


def _refuse(*lines: str) -> NoReturn:
    for line in lines:
        typer.echo(line, err=True)
    sys.exit(2)
