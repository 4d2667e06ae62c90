"""History of the schema, the same on SQLite and PostgreSQL.

Every service brings its database up to date before it begins, through `ari_app.runtime.schema.upgrade`, which knows
all tables. `python -m ari_app.runtime.new_migration "what changes"` writes the next step.
"""

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData, create_engine, event, make_url, text
from sqlalchemy.engine import URL, Engine

from foundation import text_index
from foundation.append_only import guard

_FOLDER = Path(__file__).parent
_LOCK_WAIT_SECONDS = 120
_LOCK_KEY = 0x686F746C696E65
"""Key of PostgreSQL's advisory lock during an upgrade: `hotline` in hexadecimal."""
_one_at_a_time = threading.Lock()
"""Alembic's `op` and `context` belong to the process: one of its threads upgrades at a time."""


def upgrade(url: str, metadata: MetaData) -> None:
    """Upgrade a database to the newest schema in one transaction.

    Services that start at the same moment take turns. It blocks: call it in a thread. Takes the service's own
    addresses, `sqlite:///…` and `postgresql+psycopg://…`.

    Raises:
        CommandError: the database is from a newer version of the service.
        OperationalError: the database is out of reach.
    """
    with _one_at_a_time:
        engine = _engine(make_url(url))
        try:
            with engine.begin() as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
                command.upgrade(configuration(connection, metadata), "head")
                guard(connection, metadata)
                text_index.install(connection, metadata)
        finally:
            engine.dispose()


def configuration(connection: Connection, metadata: MetaData) -> Config:
    """Return Alembic's configuration for an open connection.

    There is no alembic.ini, and the URL is in no file and no log.
    """
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["metadata"] = metadata
    return config


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url)
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    # pysqlite would begin its transaction only at the first INSERT, after the tables: BEGIN and COMMIT are ours.
    options = {"timeout": _LOCK_WAIT_SECONDS, "isolation_level": None}
    engine = create_engine(url.set(drivername="sqlite"), connect_args=options)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN EXCLUSIVE"))
    return engine
