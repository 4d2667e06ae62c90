"""Migrations form one line; the template of the next one exists."""

from pathlib import Path

from alembic.script import ScriptDirectory

import migrations

FOLDER = Path(migrations.__file__).parent


def test_migrations_form_one_line_in_the_order_of_their_numbers() -> None:
    history = ScriptDirectory(str(FOLDER))
    assert len(history.get_heads()) == 1, "two migrations follow the same one: give the later one the next number"
    files = [Path(script.path).stem for script in history.walk_revisions()]
    assert [int(name[:4]) for name in reversed(files)] == list(range(1, len(files) + 1))


def test_template_of_the_next_migration_is_there() -> None:
    assert (FOLDER / "script.py.mako").is_file(), "ari_app.runtime.new_migration writes the next migration from it"
