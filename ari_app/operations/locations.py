"""Locations of a service's data."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import make_url

from ari_app.settings import PREFIX, Settings
from dev import last_run
from dev.paths import PROJECT

NEEDED = "HOTLINE_ARI_PASSWORD"
"""The one setting without a default: an environment that has it is a service's."""


DEFAULT_ZONE = str(Settings.model_fields["time_zone"].default)


@dataclass(frozen=True)
class Locations:
    """Database and folders of one service."""

    database_url: str
    recordings: Path
    spool: Path
    callflows: Path
    redis_url: str | None = None
    """None where no service of `make run` has run."""
    time_zone: str = DEFAULT_ZONE
    settings: list[str] = field(default_factory=list)
    """Every setting as a line of an environment file, secrets commented out."""

    @property
    def database_name(self) -> str:
        """Address of the database, without its password."""
        return make_url(self.database_url).render_as_string(hide_password=True)


def locations() -> Locations:
    """Find the data of the environment's service, else of `make run`.

    Raises:
        ValidationError: a setting breaks its rule.
    """
    if NEEDED in os.environ:
        settings = Settings()
        return Locations(
            settings.database_url,
            settings.recordings,
            settings.spool,
            settings.callflows,
            settings.redis_url,
            settings.time_zone,
            plain_settings(settings),
        )
    return Locations(
        last_run.database_url(),
        Path(os.environ.get("HOTLINE_RECORDINGS") or last_run.RUN / "recordings"),
        Path(os.environ.get("HOTLINE_SPOOL") or last_run.RUN / "spool"),
        Path(os.environ.get("HOTLINE_CALLFLOWS") or PROJECT / "callflows"),
        last_run.redis_url_of_last_run(),
        os.environ.get("HOTLINE_TIME_ZONE") or DEFAULT_ZONE,
    )


def plain_settings(settings: Settings) -> list[str]:
    """List settings as lines of an environment file, without secrets."""
    written = settings.model_dump(mode="json", exclude_none=True)
    return sorted((_line(name, value, written[name]) for name, value in settings if name in written), key=str.lower)


def plain_value(name: str, value: object) -> str:
    """Return a setting's value as it is written in an environment file."""
    if value is None or value == []:
        return ""
    if name in {"trusted_proxies", "metrics_from", "webhook_hosts", "certificates"} and isinstance(value, list):
        return ",".join(map(str, value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list | bool) else str(value)


def _line(name: str, value: object, written: object) -> str:
    variable = f"{PREFIX}{name.upper()}"
    if isinstance(value, SecretStr) or (name == "ice_servers" and value):
        return f"# {variable}= (secret)"
    if name in {"database_url", "redis_url"}:
        url = make_url(str(value))
        shown = url.render_as_string(hide_password=True)
        return f"# {variable}={shown} (secret)" if url.password else f"{variable}={shown}"
    return f"{variable}={plain_value(name, written)}"
