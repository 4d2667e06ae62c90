"""Copies of whole databases between SQLite and PostgreSQL."""

import asyncio
import re
from pathlib import Path

import pytest
from sqlalchemy import text

from ari_app.operations.database_copy import (
    CopyDiffers,
    SchemaDiffers,
    TargetNotEmpty,
    compare_sums,
    copy_database,
    database_engine,
)
from foundation.database import Database
from tests.unit.operations.conftest import make_filled, message, sums_of

pytestmark = pytest.mark.slow


def test_copy_has_every_row_and_comes_back_the_same(filled_url: str, tmp_path: Path) -> None:
    there = f"sqlite:///{tmp_path / 'there.db'}"
    back = f"sqlite:///{tmp_path / 'back.db'}"
    copied = copy_database(filled_url, there)
    assert copied == sums_of(filled_url)
    rows = {entry.table: entry.rows for entry in copied}
    assert rows["department"] > 2
    assert rows["customer"] >= 6
    assert rows["ticket"] >= 1
    assert rows["outbox"] >= 1
    assert copy_database(there, back) == copied


def test_copy_to_postgresql_numbers_new_rows_after_the_copied_ones(tmp_path: Path, postgres_url: str) -> None:
    source = f"sqlite:///{tmp_path / 'source.db'}"
    make_filled(source)
    copy_database(source, postgres_url)

    async def add_message() -> None:
        database = Database(postgres_url)
        try:
            async with database.write() as session:
                session.add(message())
        finally:
            await database.aclose()

    before = {entry.table: entry.rows for entry in sums_of(postgres_url)}
    asyncio.run(add_message())
    assert {entry.table: entry.rows for entry in sums_of(postgres_url)}["outbox"] == before["outbox"] + 1


def test_database_with_rows_is_no_target(filled_url: str, tmp_path: Path) -> None:
    target = f"sqlite:///{tmp_path / 'target.db'}"
    copy_database(filled_url, target)
    before = sums_of(target)
    with pytest.raises(TargetNotEmpty, match=r"has \d+ rows"):
        copy_database(filled_url, target)
    with pytest.raises(TargetNotEmpty):
        copy_database(filled_url, filled_url)
    assert sums_of(target) == before


def test_target_of_an_older_schema_is_refused_before_it_is_touched(tmp_path: Path) -> None:
    source, target = f"sqlite:///{tmp_path / 'source.db'}", f"sqlite:///{tmp_path / 'target.db'}"
    make_filled(source)
    make_filled(target)
    engine = database_engine(target)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0010_one_time_passwords'"))
    with pytest.raises(TargetNotEmpty):
        copy_database(source, target)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    engine.dispose()
    assert found == "0010_one_time_passwords"


def test_changed_row_is_found(tmp_path: Path) -> None:
    source, target = f"sqlite:///{tmp_path / 'source.db'}", f"sqlite:///{tmp_path / 'target.db'}"
    make_filled(source)
    copied = copy_database(source, target)
    engine = database_engine(target)
    with engine.begin() as connection:
        connection.execute(text("UPDATE customer SET name = '改' WHERE id = (SELECT min(id) FROM customer)"))
        connection.execute(text("DELETE FROM outbox WHERE kind = 'test.copied'"))
    engine.dispose()
    with pytest.raises(CopyDiffers) as refusal:
        compare_sums(copied, sums_of(target))
    assert sorted(re.findall(r"(\w+): \d+ rows expected", str(refusal.value))) == ["customer", "outbox"]


def test_database_of_another_schema_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "source.db"
    source.touch()
    with pytest.raises(SchemaDiffers, match="schema none"):
        copy_database(f"sqlite:///{source}", f"sqlite:///{tmp_path / 'target.db'}")
    assert not (tmp_path / "target.db").exists()
