"""Servers, folders and ports around the service, each named by its setting."""

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic.util import CommandError
from redis.exceptions import RedisError
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ari_app.settings import PREFIX, Settings
from ari_app.web.console import INDEX
from foundation.problems import Unavailable


class SettingUnusable(Unavailable):
    """Setting that names something which is not there, or refuses us."""

    def __init__(self, setting: str, reason: str) -> None:
        super().__init__(f"{PREFIX}{setting.upper()}: {reason}")


def require_folders(settings: Settings) -> None:
    """Make the service's own folders and write into each.

    Raises:
        SettingUnusable: a folder cannot be written to, or the console's is not there.
    """
    for setting, folder in (
        ("prompts", settings.prompts),
        ("recordings", settings.recordings),
        ("spool", settings.spool),
    ):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise SettingUnusable(setting, f"the folder {folder} cannot be written to: {error.strerror}") from error
    if settings.console is not None and not (settings.console / INDEX).is_file():
        raise SettingUnusable("console", f"{settings.console} has no {INDEX}: python -m dev.console builds the pages")


def check_folders(settings: Settings) -> None:
    """Refuse folders that a start could not use; make none.

    Raises:
        SettingUnusable: with the first of them.
    """
    for setting, folder in (
        ("prompts", settings.prompts),
        ("recordings", settings.recordings),
        ("spool", settings.spool),
    ):
        there = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            reason = "written to" if there == folder.absolute() else f"made in {there}"
            raise SettingUnusable(setting, f"the folder {folder} cannot be {reason}")


def require_folder(setting: str, folder: Path) -> None:
    """Refuse a folder that is not there.

    Raises:
        SettingUnusable: it is not.
    """
    if not folder.is_dir():
        raise SettingUnusable(setting, f"there is no folder {folder}")


@contextmanager
def using_database(settings: Settings) -> Iterator[None]:
    """Name the setting if the database cannot be used in this block.

    Raises:
        SettingUnusable: it is out of reach, refuses us, or is of a newer release.
    """
    try:
        yield
    except (SQLAlchemyError, CommandError, OSError) as error:
        reason = f"{settings.database_name} cannot be used: {first_line(error)}"
        raise SettingUnusable("database_url", reason) from error


@contextmanager
def using_redis(settings: Settings) -> Iterator[None]:
    """Name the setting if Redis cannot be used in this block.

    Raises:
        SettingUnusable: it is out of reach, or refuses us.
    """
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        shown = make_url(settings.redis_url).render_as_string(hide_password=True)
        raise SettingUnusable("redis_url", f"{shown} cannot be used: {first_line(error)}") from error


@contextmanager
def listening(setting: str, host: str, port: int) -> Iterator[None]:
    """Name the port's setting if it cannot be used in this block.

    Raises:
        SettingUnusable: another program has the port, or the address is not this machine's.
    """
    try:
        yield
    except OSError as error:
        reason = f"the service cannot listen at {host}:{port}: {first_line(error)}"
        raise SettingUnusable(setting, reason) from error


def require_free(host: str, port: int) -> None:
    """Require a port at which no other program listens.

    Raises:
        OSError: another program has it, or the address is not this machine's.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        # As the server itself: connections that linger from an earlier run take no port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)


def first_line(error: BaseException) -> str:
    """Return what an error says, on one line and without SQL."""
    said = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    lines = [line.strip() for line in str(said).splitlines() if line.strip()]
    return lines[0] if lines else type(said).__name__
