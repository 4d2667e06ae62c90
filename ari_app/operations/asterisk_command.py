"""Command that runs Asterisk alone, for a machine without containers."""

import sys
from pathlib import Path
from typing import Annotated, NoReturn
from urllib.parse import urlsplit

import typer
from pydantic import ValidationError

from ari_app.settings import Settings, invalid_settings
from dev.asterisk import Asterisk, AsteriskAddress
from dev.paths import ASTERISK_SITE, RUNTIME
from dev.stack import sample_phones


def run_asterisk(
    sip_address: Annotated[str, typer.Option(help="where phones and the carrier reach it")] = "0.0.0.0",  # noqa: S104
    sip_port: Annotated[int, typer.Option(envvar="HOTLINE_SIP_PORT", min=1, max=65535, help="UDP port")] = 5060,
    rtp_start: Annotated[int, typer.Option(envvar="HOTLINE_RTP_START", min=1024, max=65535, help="first port")] = 20000,
    rtp_end: Annotated[int, typer.Option(envvar="HOTLINE_RTP_END", min=1024, max=65535, help="last port")] = 20399,
    external_address: Annotated[
        str, typer.Option(envvar="HOTLINE_EXTERNAL_ADDRESS", help="own address as others see it, behind a NAT")
    ] = "",
    local_networks: Annotated[
        str,
        typer.Option(
            "--local-network", envvar="HOTLINE_LOCAL_NETWORK", help="networks that reach its own address, with commas"
        ),
    ] = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16",
    state: Annotated[Path, typer.Option(help="folder of its configuration, database and log")] = RUNTIME / "asterisk",
    site: Annotated[Path, typer.Option(help="folder of your own Asterisk files")] = ASTERISK_SITE,
) -> None:
    """Run Asterisk with the HOTLINE_… settings and your own files."""
    try:
        settings = Settings()
    except ValidationError as error:
        _refuse(*invalid_settings(error))
    rest = urlsplit(settings.ari_url)
    if rest.hostname != settings.ami_host:
        _refuse("HOTLINE_AMI_HOST: must be the host of HOTLINE_ARI_URL: this Asterisk has both")
    at = AsteriskAddress(
        http_port=rest.port or 80,
        sip_port=sip_port,
        ami_port=settings.ami_port,
        events_port=settings.events_port,
        state=state.absolute(),
        rtp_start=rtp_start,
        rtp_end=rtp_end,
        address=settings.ami_host,
        application=settings.application,
        user=settings.ari_user,
        password=settings.ari_password.get_secret_value(),
        hotline_number=settings.hotline_number,
        sip_address=sip_address,
        external_address=external_address,
        local_networks=tuple(local_networks.replace(" ", "").split(",")),
    )
    phones: dict[str, str] = {}
    if settings.profile == "sample" and settings.sample_password is not None:
        phones = sample_phones(settings.sample_password.get_secret_value())
    recordings = settings.recordings.absolute() / "spool"
    Asterisk(
        at, prompts=settings.prompts.absolute(), recordings=recordings, pjsip=phones, site=site.absolute()
    ).become()


def _refuse(*lines: str) -> NoReturn:
    for line in lines:
        typer.echo(line, err=True)
    sys.exit(2)
