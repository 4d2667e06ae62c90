"""Migrations make exactly the schema of the models, once."""

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, Table, create_engine, inspect, make_url
from sqlalchemy.exc import DBAPIError

import migrations
from ari_app.runtime.schema import METADATA, upgrade
from dev.paths import PROJECT
from foundation.text_index import is_derived
from migrations import configuration

pytestmark = pytest.mark.slow

PROCESSES = 4
COMPARED = {
    "compare_type": True,
    # Entries of text indexes follow from other tables.
    "include_name": lambda name, kind, _: kind != "table" or not is_derived(METADATA, name),
}


def newest() -> str:
    found = ScriptDirectory(str(Path(migrations.__file__).parent)).get_current_head()
    assert found is not None
    return found


def blocking_engine(url: str) -> Engine:
    return create_engine(make_url(url))


def differences(url: str, metadata: MetaData = METADATA) -> list[Any]:
    engine = blocking_engine(url)
    try:
        with engine.connect() as connection:
            return list(compare_metadata(MigrationContext.configure(connection, opts=COMPARED), metadata))
    finally:
        engine.dispose()


def test_an_upgraded_database_has_the_schema_of_the_models(database_url: str) -> None:
    upgrade(database_url)

    assert differences(database_url) == []


def test_the_comparison_sees_a_missing_index(database_url: str) -> None:
    upgrade(database_url)
    other = MetaData()
    for table in METADATA.tables.values():
        table.to_metadata(other)
    dropped = next(iter(other.tables["ticket"].indexes))
    other.tables["ticket"].indexes.remove(dropped)

    assert [difference[0] for difference in differences(database_url, other)] == ["remove_index"]


def test_upgrading_again_does_nothing(database_url: str) -> None:
    upgrade(database_url)
    engine = blocking_engine(database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO ticket_counter (day, last) VALUES ('260101', 7)")

    upgrade(database_url)

    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT last FROM ticket_counter").scalar_one() == 7
        assert MigrationContext.configure(connection).get_current_heads() == (newest(),)
    engine.dispose()


def test_old_notices_keep_their_recipients(database_url: str) -> None:
    engine = blocking_engine(database_url)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    recipient: dict[str, Any] = {"id": "recipient-1", "name": "x", "channel": "sms", "address": "x", "language": "zh"}
    recipient |= {"standing": True, "in_house": False, "active": True, "switches": {}, "created_at": now}
    sent: dict[str, Any] = {"sequence": 1, "id": "notice-1", "event_id": "event-1", "kind": "ticket.urge", "key": "x"}
    sent |= {"recipient_id": "recipient-1", "channel": "sms", "subject": "x", "text": "x", "data": {}}
    sent |= {"happened_at": now, "state": "sent", "attempts": 1, "created_at": now}
    with engine.begin() as connection:
        command.upgrade(configuration(connection, METADATA), "0001")
        for name, row in (("notice_recipient", recipient), ("notice_delivery", sent)):
            connection.execute(Table(name, MetaData(), autoload_with=connection).insert().values(row))

    upgrade(database_url)

    with engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT id, addressee, recipient_id, number FROM notice_delivery").all()
    assert [tuple(row) for row in kept] == [("notice-1", "recipient-1", "recipient-1", None)]
    assert differences(database_url) == []
    engine.dispose()


def test_old_addresses_get_the_new_keys(database_url: str) -> None:
    """Two open tickets of one flat become one matter."""
    engine = blocking_engine(database_url)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    flat, other = "经纬街91号2单元501", "道里区經緯街91號2單元5楼501"
    common: dict[str, Any] = {"kind": "fault", "channel": "phone", "status": "registered", "subject": "x", "area": ""}
    common |= {"description": "", "urgency": "normal", "form": {}, "form_version": 0, "urge_count": 0, "redo_count": 0}
    common |= {"shared": False, "escalated": False, "added_to": False, "reply": "", "closing_grounds": ""}
    common |= {"registered_at": now, "version": 1, "visit_booked": False}
    with engine.begin() as connection:
        command.upgrade(configuration(connection, METADATA), "0004")
        table = Table("ticket", MetaData(), autoload_with=connection)
        for number, address in enumerate((flat, other, "")):
            row = {"id": f"ticket-{number}", "number": str(number), "address": address, "address_key": address}
            connection.execute(table.insert().values(common | row | {"open_matter": f"old-{number}"}))

    upgrade(database_url)

    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT id, address_key, open_matter FROM ticket ORDER BY id").all()
    # The key that was made then, without a cause.
    matter = hashlib.sha256("fault||经纬街91-2-501".encode()).hexdigest()
    assert [tuple(row) for row in found] == [
        ("ticket-0", "经纬街91-2-501", matter),
        ("ticket-1", "经纬街91-2-501", None),
        ("ticket-2", "", None),
    ]
    engine.dispose()


def test_services_that_start_together_wait_for_each_other(database_url: str) -> None:
    """Separate processes, as services are; each must succeed."""
    program = "import sys; from ari_app.runtime.schema import upgrade; upgrade(sys.argv[1])"

    def start(_: int) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "error", "-c", program, database_url]
        return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False)

    with ThreadPoolExecutor(PROCESSES) as pool:
        finished = list(pool.map(start, range(PROCESSES)))

    assert [(run.returncode, run.stderr) for run in finished] == [(0, "")] * PROCESSES
    assert differences(database_url) == []


def test_threads_of_one_process_wait_for_each_other(database_url: str) -> None:
    with ThreadPoolExecutor(PROCESSES) as pool:
        list(pool.map(upgrade, [database_url] * PROCESSES))

    assert differences(database_url) == []


def test_a_failed_upgrade_leaves_nothing_behind(database_url: str) -> None:
    """A foreign table blocks the last step: no step remains."""
    engine = blocking_engine(database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE ticket_request (unexpected INTEGER)")

    with pytest.raises(DBAPIError, match="ticket_request"):
        upgrade(database_url)

    assert inspect(engine).get_table_names() == ["ticket_request"]
    engine.dispose()


def test_names_of_steps_fit_the_column_of_their_table() -> None:
    """Alembic keeps the name in 32 characters; PostgreSQL refuses a longer one."""
    steps = [step.revision for step in ScriptDirectory(str(PROJECT / "migrations")).walk_revisions()]
    assert [step for step in steps if len(step) > 32] == []
