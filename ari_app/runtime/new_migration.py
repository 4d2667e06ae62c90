"""Write the next migration; read it before committing it.

Use: `python -m ari_app.runtime.new_migration "description"`.
"""

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
    """Write the difference between the models and the newest schema."""
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
    """Return a column type as the database has it.

    Later changes of our classes then do not change history.
    """
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, Enum):
        return f"sa.String({item.length})"
    return "sa.String()" if isinstance(item, AutoString) else False


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
