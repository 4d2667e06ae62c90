"""Backups: made beside a working service, read back, restored into nothing."""

import hashlib
import os
import shutil
import sqlite3
import stat
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from ari_app.operations import backup
from ari_app.operations.database_copy import TargetNotEmpty
from ari_app.operations.locations import Locations, plain_settings
from ari_app.settings import Settings
from foundation.clock import utc_now
from tests.unit.operations.conftest import make_filled, sums_of

pytestmark = pytest.mark.slow

SEALED = "2026/11/29/rec-01m8h730v3bbthbcbscpb5jnr9.wav"
EARLIER_RELEASE = Path(__file__).parents[1] / "migrations" / "release_e3bdac5.sql"


@pytest.fixture
def service(filled_url: str, tmp_path: Path) -> Locations:
    """A service's data in a database of either kind."""
    return with_files(tmp_path, filled_url)


def with_files(tmp_path: Path, url: str) -> Locations:
    """Add a sealed recording, one in progress, a deferred request, a flow."""
    files = {
        f"recordings/{SEALED}": b"RIFF sealed",
        f"recordings/{SEALED}.peaks.json": b"[]",
        "recordings/spool/rec-01m8h730v3bbthbcbscpb5jnra-caller.wav": b"RIFF growing",
        "spool/one.json": b"{}",
        "callflows/hotline.yaml": "flow: hotline # 供热".encode(),
    }
    for name, content in files.items():
        path = tmp_path / "service" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    settings = ["HOTLINE_HTTP_PORT=8080"]
    return locations_in(tmp_path / "service", url, settings)


def locations_in(folder: Path, url: str, settings: list[str] | None = None) -> Locations:
    return Locations(url, folder / "recordings", folder / "spool", folder / "callflows", settings=settings or [])


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_backup_is_restored_into_nothing_as_it_was(service: Locations, tmp_path: Path) -> None:
    folder, manifest = backup.back_up(service, tmp_path / "backups")
    empty = locations_in(tmp_path / "machine", f"sqlite:///{tmp_path / 'machine' / 'hotline.db'}")
    assert backup.restore(folder, empty, with_callflows=True) == manifest
    assert sums_of(empty.database_url) == sums_of(service.database_url) == manifest.tables
    for name in backup.FOLDERS:
        assert files_in(tmp_path / "machine" / name) == files_in(tmp_path / "service" / name)
    assert (folder / "settings.env").read_text() == "HOTLINE_HTTP_PORT=8080\n"
    assert not list((tmp_path / "backups").glob("*.part"))


def test_backup_of_sqlite_is_restored_into_postgresql(tmp_path: Path, postgres_url: str) -> None:
    url = f"sqlite:///{tmp_path / 'hotline.db'}"
    make_filled(url)
    service = with_files(tmp_path, url)
    folder, manifest = backup.back_up(service, tmp_path / "backups")
    backup.restore(folder, locations_in(tmp_path / "machine", postgres_url), with_callflows=False)
    assert sums_of(postgres_url) == manifest.tables
    assert not (tmp_path / "machine" / "callflows").exists()


def test_backup_taken_while_a_service_writes_is_of_one_moment(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'hotline.db'}"
    make_filled(url)
    stop = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(tmp_path / "hotline.db", timeout=30)) as connection:
            number = 0
            while not stop.is_set():
                number += 1
                with connection:  # a pair of rows in one transaction
                    for name in ("a", "b"):
                        connection.execute(
                            "INSERT INTO ticket_counter (day, last) VALUES (?, ?)", (f"{number}{name}", number)
                        )

    writer = threading.Thread(target=write)
    writer.start()
    try:
        folder, manifest = backup.back_up(locations_in(tmp_path, url), tmp_path / "backups")
    finally:
        stop.set()
        writer.join()
    with closing(sqlite3.connect(folder / backup.DATABASE)) as copy:
        odd = copy.execute("SELECT count(*) FROM ticket_counter WHERE day GLOB '*[ab]'").fetchone()[0] % 2
    assert odd == 0
    assert backup.verify(folder) == manifest


def damage_recording(folder: Path) -> None:
    path = folder / "recordings" / SEALED
    path.write_bytes(path.read_bytes()[:-1] + b"!")


def remove_recording(folder: Path) -> None:
    (folder / "recordings" / SEALED).unlink()


def change_row(folder: Path) -> None:
    file = folder / backup.DATABASE
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE customer SET name = '改'")


@pytest.mark.parametrize("damage", [damage_recording, remove_recording, change_row])
def test_damaged_backup_is_refused_and_restores_nothing(
    service: Locations, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    folder, _ = backup.back_up(service, tmp_path / "backups")
    damage(folder)
    empty = locations_in(tmp_path / "machine", f"sqlite:///{tmp_path / 'machine' / 'hotline.db'}")
    with pytest.raises(backup.BackupDamaged):
        backup.restore(folder, empty, with_callflows=True)
    assert not (tmp_path / "machine").exists()


def test_folder_without_a_backup_is_named(tmp_path: Path) -> None:
    with pytest.raises(backup.BackupNotFound, match=str(tmp_path)):
        backup.verify(tmp_path)


def test_restore_never_mixes_with_what_is_there(service: Locations, tmp_path: Path) -> None:
    folder, _ = backup.back_up(service, tmp_path / "backups")
    with pytest.raises(backup.NotEmpty, match="recordings"):
        backup.restore(folder, service, with_callflows=False)
    empty_folders = replace(service, recordings=tmp_path / "none", spool=tmp_path / "none")
    with pytest.raises(TargetNotEmpty):
        backup.restore(folder, empty_folders, with_callflows=False)
    assert not (tmp_path / "none").exists()


def test_sealed_recording_is_stored_once_for_two_backups(service: Locations, tmp_path: Path) -> None:
    first, _ = backup.back_up(service, tmp_path / "backups")
    older = first.with_name("hotline-20260101T000000Z")
    first.rename(older)
    second, manifest = backup.back_up(service, tmp_path / "backups")
    assert (older / "recordings" / SEALED).samefile(second / "recordings" / SEALED)
    shutil.rmtree(older)
    assert backup.verify(second) == manifest


def test_old_backups_are_removed_but_never_the_newest(tmp_path: Path) -> None:
    now = utc_now()
    ages = (100, 40, 31, 29)
    for days in ages:
        folder = tmp_path / f"hotline-{now - timedelta(days=days):{backup.STAMP}}"
        folder.mkdir()
        (folder / backup.MANIFEST).write_text("{}")
    (tmp_path / "hotline-20200101T000000Z.part").mkdir()
    assert len(backup.remove_old(tmp_path, 30, now)) == 3
    assert len(backup.backups(tmp_path)) == 1
    assert backup.remove_old(tmp_path, 1, now) == []


def test_damaged_file_of_the_last_backup_is_copied_again(service: Locations, tmp_path: Path) -> None:
    first, _ = backup.back_up(service, tmp_path / "backups")
    older = first.with_name("hotline-20260101T000000Z")
    first.rename(older)
    damaged = older / "recordings" / SEALED
    status = damaged.stat()
    damaged.write_bytes(b"RIFF sealex")
    os.utime(damaged, ns=(status.st_atime_ns, status.st_mtime_ns))
    second, _ = backup.back_up(service, tmp_path / "backups")
    assert (second / "recordings" / SEALED).read_bytes() == b"RIFF sealed"


def test_backup_of_an_older_schema_is_upgraded_by_the_restore(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'hotline.db'}"
    make_filled(url)
    folder, manifest = backup.back_up(with_files(tmp_path, url), tmp_path / "backups")
    file = folder / backup.DATABASE
    file.unlink()
    with closing(sqlite3.connect(file)) as older:
        older.executescript(EARLIER_RELEASE.read_text(encoding="utf-8"))
        (schema,) = older.execute("SELECT version_num FROM alembic_version").fetchone()
        names = [name for (name,) in older.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        counted = {name: older.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}  # noqa: S608
    of_file = {"sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "size": file.stat().st_size}
    files = [msgspec.structs.replace(one, **of_file) if one.path == backup.DATABASE else one for one in manifest.files]
    of_then = msgspec.structs.replace(manifest, files=files, schema=schema, tables=[])
    (folder / backup.MANIFEST).write_bytes(msgspec.json.encode(of_then))
    assert backup.verify(folder) == of_then
    empty = locations_in(tmp_path / "machine", f"sqlite:///{tmp_path / 'machine.db'}")

    backup.restore(folder, empty, with_callflows=False)

    restored = {entry.table: entry.rows for entry in sums_of(empty.database_url)}
    assert counted.pop("alembic_version") == 1
    assert {table: restored[table] for table in counted} == counted


def test_backup_is_closed_to_other_accounts(service: Locations, tmp_path: Path) -> None:
    folder, _ = backup.back_up(service, tmp_path / "backups")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_settings_of_a_backup_are_read_by_the_service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = {
        "HOTLINE_ARI_PASSWORD": "topsecret",
        "HOTLINE_DATABASE_URL": "postgresql://hotline:dbsecret@db/hotline",
        "HOTLINE_TRUSTED_PROXIES": "10.0.0.0/8,192.0.2.1",
        "HOTLINE_WEBHOOK_HOSTS": '["erp.intranet"]',
        "HOTLINE_GRADE_PRIORITIES": '{"VIP": 50}',
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    lines = plain_settings(settings := Settings())
    text = "\n".join(lines)
    assert "topsecret" not in text
    assert "dbsecret" not in text
    for name in given:
        monkeypatch.delenv(name)
    for line in lines:
        if not line.startswith("#"):
            name, _, value = line.partition("=")
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOTLINE_ARI_PASSWORD", "topsecret")
    monkeypatch.setenv("HOTLINE_DATABASE_URL", given["HOTLINE_DATABASE_URL"])
    assert Settings() == settings
