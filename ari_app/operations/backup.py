"""Backups of a service: one folder with database, recordings, flows, settings."""

import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec
from sqlalchemy import make_url

from ari_app.operations.database_copy import (
    TableSum,
    begin_snapshot,
    compare_sums,
    copy_database,
    database_engine,
    newest_schema,
    require_newest_schema,
    table_sums,
)
from ari_app.operations.locations import Locations
from ari_app.runtime.schema import upgrade
from foundation.clock import utc_now
from foundation.problems import Conflict, NotFound

PREFIX = "hotline-"
UNFINISHED = ".part"
STAMP = "%Y%m%dT%H%M%SZ"
MANIFEST = "manifest.json"
DATABASE = "database.sqlite"
SETTINGS = "settings.env"
FOLDERS = ("recordings", "spool", "callflows")
_BLOCK_BYTES = 1024 * 1024


class BackupDamaged(Conflict):
    """A missing or changed file of a backup."""


class BackupNotFound(NotFound):
    """The folder holds no backup."""


class NotEmpty(Conflict):
    """A folder to restore into has files already."""


class BackupFile(msgspec.Struct, frozen=True):
    """One file of a backup."""

    path: str
    """Relative to the backup's folder."""
    size: int
    sha256: str
    modified_ns: int


class EarlierFile(NamedTuple):
    """A file of the last backup, and its checksum then."""

    path: Path
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """Contents of a backup."""

    created_at: datetime
    schema: str
    """Schema of the database; a restore upgrades an older one."""
    tables: list[TableSum]
    files: list[BackupFile]

    @property
    def rows(self) -> int:
        """Number of rows in all tables."""
        return sum(table.rows for table in self.tables)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def back_up(of: Locations, to: Path) -> tuple[Path, Manifest]:
    """Back up a working service and read the backup back.

    The database comes first: every recording that a row names is sealed by then. A recording that an earlier backup in
    `to` has already is linked, not copied: sealed files never change.

    Raises:
        SchemaDiffers: the database is not at the newest schema.
        BackupDamaged: what was read back differs from what was written.
    """
    created_at = utc_now()
    earlier = _sealed_before(to)
    folder = to / f"{PREFIX}{created_at:{STAMP}}"
    made = folder.with_name(folder.name + UNFINISHED)
    # Names, numbers and the phones' secrets are in it.
    made.mkdir(parents=True, mode=0o700)
    try:
        manifest = _write(of, made, created_at, earlier)
        made.rename(folder)
    except BaseException:
        shutil.rmtree(made)
        raise
    return folder, manifest


def verify(folder: Path) -> Manifest:
    """Read a whole backup and compare it with its manifest.

    Raises:
        BackupNotFound: the folder holds no backup.
        BackupDamaged: names the first file that is missing or changed; the database is one of them.
    """
    manifest = _manifest(folder)
    for file in manifest.files:
        path = folder / file.path
        if not path.is_file() or _sha256(path) != file.sha256:
            raise BackupDamaged(f"{path} is missing or not what was backed up on {manifest.created_at:%Y-%m-%d %H:%M}Z")
    return manifest


def restore(folder: Path, into: Locations, *, with_callflows: bool) -> Manifest:
    """Restore a verified backup into an empty database and empty folders.

    Args:
        with_callflows: also replace the files of the call flows' folder by those of the backup.

    Raises:
        BackupNotFound, BackupDamaged: the backup is not whole; nothing was changed.
        NotEmpty, TargetNotEmpty: there is something already; nothing was changed.
    """
    manifest = verify(folder)
    for target in (into.recordings, into.spool):
        if next(_files(target), None) is not None:
            raise NotEmpty(f"{target} is not empty: a restore never mixes files with others")
    _restore_database(folder / DATABASE, into.database_url, manifest)
    targets = {"recordings": into.recordings, "spool": into.spool}
    if with_callflows:
        targets["callflows"] = into.callflows
    for file in manifest.files:
        top, _, rest = file.path.partition("/")
        if top in targets:
            _restore_file(folder, file, targets[top] / rest)
    return manifest


def _restore_database(file: Path, url: str, manifest: Manifest) -> None:
    """Copy a backup's database, upgraded beforehand in a temporary file."""
    with tempfile.TemporaryDirectory() as folder:
        copy = f"sqlite:///{shutil.copy(file, folder)}"
        upgrade(copy)
        restored = copy_database(copy, url)
    if manifest.schema == newest_schema():
        compare_sums(manifest.tables, restored)


def remove_old(to: Path, keep_days: int, now: datetime) -> list[Path]:
    """Remove old backups, never the newest; return the removed folders."""
    oldest = f"{PREFIX}{now - timedelta(days=keep_days):{STAMP}}"
    old = [folder for folder in backups(to)[:-1] if folder.name < oldest]
    for folder in old:
        shutil.rmtree(folder)
    return old


def backups(to: Path) -> list[Path]:
    """List the finished backups of a folder, oldest first."""
    return sorted(manifest.parent for manifest in to.glob(f"{PREFIX}*Z/{MANIFEST}"))


def _write(
    of: Locations, made: Path, created_at: datetime, earlier: dict[tuple[str, int, int], EarlierFile]
) -> Manifest:
    tables = _copy_of_database(of.database_url, made / DATABASE)
    if of.settings:
        (made / SETTINGS).write_text("".join(f"{line}\n" for line in of.settings), encoding="utf-8")
    for name, source in zip(FOLDERS, (of.recordings, of.spool, of.callflows), strict=True):
        _copy_folder(source, made / name, made, earlier)
    files = [_described(made, path) for path in _files(made)]
    manifest = Manifest(created_at, newest_schema(), tables, files)
    (made / MANIFEST).write_bytes(msgspec.json.encode(manifest))
    return manifest


def _copy_of_database(url: str, file: Path) -> list[TableSum]:
    if not url.startswith("sqlite"):
        return copy_database(url, f"sqlite:///{file}")
    name = make_url(url).database
    if name is None or not Path(name).is_file():
        raise NotFound(f"there is no database {name}")
    # SQLite's own online backup takes one moment of the file, whatever is written meanwhile.
    with closing(sqlite3.connect(name)) as source, closing(sqlite3.connect(file)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
    return _sums_of(file)


def _sums_of(file: Path) -> list[TableSum]:
    engine = database_engine(f"sqlite:///{file}")
    try:
        with engine.connect() as connection:
            begin_snapshot(connection)
            require_newest_schema(connection)
            return table_sums(connection)
    finally:
        engine.dispose()


def _copy_folder(source: Path, target: Path, made: Path, earlier: dict[tuple[str, int, int], EarlierFile]) -> None:
    for path in _files(source):
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            status = path.stat()
            same = earlier.get((str(copy.relative_to(made)), status.st_size, status.st_mtime_ns))
            if same is not None and _sha256(same.path) == same.sha256:
                os.link(same.path, copy)
            else:
                _copy_file(path, copy)
        except FileNotFoundError:
            # Sealed, moved or erased since the folder was listed.
            continue


def _copy_file(path: Path, copy: Path) -> None:
    """Copy a file and compare the copy with its source."""
    digest = hashlib.sha256()
    with path.open("rb") as source, copy.open("wb") as target:
        while block := source.read(_BLOCK_BYTES):
            digest.update(block)
            target.write(block)
    shutil.copystat(path, copy)
    if _sha256(copy) != digest.hexdigest():
        raise BackupDamaged(f"{copy} was not written as it was read")


def _sealed_before(to: Path) -> dict[tuple[str, int, int], EarlierFile]:
    """Index the newest backup's sealed recordings by path, size and modification time."""
    newest = backups(to)[-1:]
    return {
        (file.path, file.size, file.modified_ns): EarlierFile(folder / file.path, file.sha256)
        for folder in newest
        for file in _manifest(folder).files
        if file.path.startswith("recordings/") and not file.path.startswith("recordings/spool/")
    }


def _described(made: Path, path: Path) -> BackupFile:
    status = path.stat()
    return BackupFile(str(path.relative_to(made)), status.st_size, _sha256(path), status.st_mtime_ns)


def _restore_file(folder: Path, file: BackupFile, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    _copy_file(folder / file.path, target)


def _manifest(folder: Path) -> Manifest:
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise BackupNotFound(f"{folder} holds no backup: {MANIFEST} cannot be read") from error


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
