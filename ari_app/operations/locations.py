"""Locations of a service's data."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import make_url

from ari_app.settings import Settings
from dev import stack
from dev.paths import PROJECT

NEEDED = "HOTLINE_ARI_PASSWORD"
"""The one setting without a default: an environment that has it is a service's."""
HIDDEN = "(secret)"


@dataclass(frozen=True)
class Locations:
    """Database and folders of one service."""

    database_url: str
    recordings: Path
    spool: Path
    callflows: Path
    redis_url: str | None = None
    """None where no service of `make run` has run."""
    settings: dict[str, str] = field(default_factory=dict)
    """Every setting by its variable's name, secrets left out."""

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
            plain_settings(settings),
        )
    return Locations(
        stack.database_url(),
        stack.RUN / "recordings",
        stack.RUN / "spool",
        PROJECT / "callflows",
        stack.redis_url_of_last_run(),
    )


def plain_settings(settings: Settings) -> dict[str, str]:
    """List every setting by its variable's name, without secrets."""
    return {f"HOTLINE_{name.upper()}": _plain(name, value) for name, value in settings}


def _plain(name: str, value: object) -> str:
    if isinstance(value, SecretStr):
        return HIDDEN if value.get_secret_value() else ""
    if name in {"database_url", "redis_url"}:
        return make_url(str(value)).render_as_string(hide_password=True)
    return str(value)
