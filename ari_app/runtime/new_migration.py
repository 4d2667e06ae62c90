"""Write the next step: `python -m ari_app.runtime.new_migration "what changes"`. Read it before committing it."""

import sys
import tempfile
from pathlib import Path
from typing import Any, Literal

from alembic import command
from alembic.autogenerate.api import AutogenContext
from alembic.script import ScriptDirectory
from sqlalchemy import Enum, create_engine
from sqlmodel.sql.sqltypes import AutoString

from ari_app.runtime.schema import METADATA, upgrade
from foundation.database import UtcDateTime
from migrations import configuration


def main(arguments: list[str]) -> int:
    """Compare the models with an empty database brought to the newest step, and write the difference."""
    if len(arguments) != 1:
        sys.stderr.write('usage: python -m ari_app.runtime.new_migration "what changes"\n')
        return 2
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'newest.db'}"
        upgrade(url)
        with create_engine(url).connect() as connection:
            config = configuration(connection, METADATA)
            config.attributes["render_item"] = render_type
            number = len(list(ScriptDirectory.from_config(config).walk_revisions())) + 1
            command.revision(config, arguments[0], autogenerate=True, rev_id=f"{number:04d}")
    return 0


def render_type(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """A step keeps the type as the database has it, so that later changes of our classes do not change history."""
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, Enum):
        return f"sa.String({item.length})"
    return "sa.String()" if isinstance(item, AutoString) else False


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
