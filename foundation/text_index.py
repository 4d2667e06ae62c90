"""Search in texts by any part, from two characters on.

Each indexed table has a table of entries beside it, `<table>_search`: the searched texts of a row in small letters, and
of the rows that belong to it, such as a ticket's reporters. Triggers write it in the transaction of the change, be
it of a service, an import or an erasure. It is derived data: `install` makes it where it is missing, and `fill` writes
the entries of rows that are older than it, newest first; until then these are not found. To change what is searched,
drop the table in a migration.

Texts are found by their grams: every two neighbouring characters, since Chinese has no spaces, and every three of
digits and Latin letters, of which there are too few different pairs. A match of all grams is then compared as a whole.
SQLite keeps the grams in FTS5, in the order of the rows; PostgreSQL in a GIN index, without an extension.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import sqlalchemy as sql
from sqlalchemy import Connection, MetaData, Table, event, inspect

from foundation.text_index_triggers import (
    dropped_triggers,
    filled_statements,
    postgresql_statements,
    rest_of,
    sqlite_statements,
)

Query = TypeVar("Query", bound=sql.Select[Any])

_MARK = "text_index"
_CAPITALS, _SMALL = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
_FOLD = str.maketrans(_CAPITALS, _SMALL)
MOST_GRAMS = 4
FILLED_AT_ONCE = 5000
"""Rows that get entries during an upgrade, the newest; the others get them while the service runs."""
NEWEST = 2000
"""Rows that PostgreSQL looks at first, newest first: a common text is found among them without the index."""


@dataclass(frozen=True)
class Beside:
    """Rows that belong to a row, such as a customer's telephones."""

    table: str
    key: str
    """The column that names the row they belong to."""
    columns: tuple[str, ...]


@dataclass(frozen=True)
class TextIndex:
    """Index of a table's texts."""

    table: str
    words: tuple[str, ...]
    """Searched columns of the table."""
    people: Beside
    """Searched columns that not every role may search by."""
    moment: str | None = None
    """Column by which found rows are ordered, newest first; else they have no order."""

    @property
    def name(self) -> str:
        """Return the name of the table of entries."""
        return f"{self.table}_search"

    @cached_property
    def entries(self) -> Table:
        """Return the entries, to be joined with the rows."""
        names = ("position", "id", "moment", "words", "people")
        return Table(self.name, MetaData(), *(sql.Column(name) for name in names))

    @cached_property
    def grams(self) -> Table:
        """Return SQLite's grams; their `rowid` is an entry's position."""
        return Table(f"{self.name}_grams", MetaData(), sql.Column("rowid", sql.Integer), sql.Column("grams"))

    def ids(self, dialect: str, text: str, *, people: bool = True) -> sql.Select[Any]:
        """Select the ids of all rows in which a text stands."""
        found = sql.select(self.entries.c.id).where(*self.matches(dialect, text, people=people))
        if dialect != "sqlite":
            return found
        return found.join_from(self.entries, self.grams, self.entries.c.position == self.grams.c.rowid)

    def joined(self, statement: Query, key: Any, dialect: str) -> Query:
        """Return a query joined with the entries of its rows, for `matches`."""
        statement = statement.join(self.entries, self.entries.c.id == key)
        if dialect != "sqlite":
            return statement
        return statement.join(self.grams, self.entries.c.position == self.grams.c.rowid)

    def matches(self, dialect: str, text: str, *, people: bool = True) -> tuple[sql.ColumnElement[bool], ...]:
        """Return the conditions on entries, and in SQLite on their grams."""
        wanted = variants(text)
        by_index: sql.ColumnElement[bool]
        if dialect == "sqlite":
            found = " OR ".join(f"({' '.join(map(_token, telling(one)))})" for one in wanted)
            by_index = sql.literal_column(self.grams.name).op("MATCH", is_comparison=True)(found)
        else:
            of_entry = sql.func.search_grams(self.entries.c.words + "\n" + self.entries.c.people)
            array = sql.ARRAY(sql.Text())
            by_index = sql.or_(*(of_entry.op("@>")(sql.cast(telling(one), array)) for one in wanted))
        return by_index, self.contains(dialect, text, people=people)

    def contains(
        self, dialect: str, text: str, *, people: bool = True, among: sql.FromClause | None = None
    ) -> sql.ColumnElement[bool]:
        """Return the condition that a text stands in an entry."""
        entry = (self.entries if among is None else among).c
        columns = [entry.words, *([entry.people] if people else [])]
        position = sql.func.instr if dialect == "sqlite" else sql.func.strpos
        return sql.or_(*(position(column, one) > 0 for column in columns for one in variants(text)))

    def statements(self, dialect: str) -> tuple[list[str], str, list[str]]:
        """Return how to make entries, add older ones, and keep them right."""
        made = sqlite_statements if dialect == "sqlite" else postgresql_statements
        beside = (self.people.table, self.people.key, self.people.columns)
        return made(self.table, self.words, beside, self.moment)


def text_index(metadata: MetaData, index: TextIndex) -> TextIndex:
    """Declare an index; it is made with its tables, or by `install`.

    Raises:
        KeyError: there is no such table or column.
    """
    table, beside = metadata.tables[index.table], metadata.tables[index.people.table]
    for owner, names in ((table, index.words), (beside, (index.people.key, *index.people.columns))):
        for name in names:
            owner.c[name]
    table.info[_MARK] = index
    # The table beside it names it, so that it is made last.
    event.listen(beside, "after_create", lambda _table, connection, **_: _install(connection, index))
    return index


def indexes(metadata: MetaData) -> list[TextIndex]:
    """Return every index."""
    return [table.info[_MARK] for table in metadata.sorted_tables if _MARK in table.info]


def install(connection: Connection, metadata: MetaData) -> None:
    """Make every index that is missing, and replace the triggers.

    Its newest rows get their entries; `fill` writes the others.
    """
    for index in indexes(metadata):
        _install(connection, index)


def fill(connection: Connection, index: TextIndex, rows: int) -> bool:
    """Write the entries of the newest rows without one.

    Args:
        rows: how many at least.

    Returns:
        Whether rows without one are left.
    """
    rest = rest_of(index.name)
    if not inspect(connection).has_table(rest):
        return False
    lock = "" if connection.dialect.name == "sqlite" else " FOR UPDATE"
    place = connection.exec_driver_sql(f"SELECT before FROM {rest}{lock}").first()  # noqa: S608 - a name of ours
    if place is None:
        return False
    key, bounds = f"t.{index.moment or 'id'}", {}
    within = ["1 = 1"]
    if place.before is not None:
        within.append(f"{key} < :before")
        bounds["before"] = place.before
    last = f"SELECT {key} FROM {index.table} t WHERE {within[-1]} ORDER BY {key} DESC LIMIT 1 OFFSET {rows - 1}"  # noqa: S608
    low = connection.execute(sql.text(last), bounds).scalar()
    if low is not None:
        # Rows of the same moment stay together: their positions are counted.
        within.append(f"{key} >= :low")
        bounds["low"] = low
    _, made, _ = index.statements(connection.dialect.name)
    connection.execute(sql.text(made.format(within=" AND ".join(within))), bounds)
    if low is None:
        for statement in (f"DELETE FROM {rest}", *filled_statements(index.name, connection.dialect.name)):  # noqa: S608
            connection.exec_driver_sql(statement)
    else:
        connection.execute(sql.text(f"UPDATE {rest} SET before = :low"), {"low": low})  # noqa: S608 - a name of ours
    return low is not None


def removals(metadata: MetaData, dialect: str) -> list[str]:
    """Return the statements that remove every index, before rows are loaded."""
    found = []
    for index in indexes(metadata):
        _, _, keep = index.statements(dialect)
        found += dropped_triggers(keep, index.name)
        tables = [*([index.grams.name] if dialect == "sqlite" else []), index.name, rest_of(index.name)]
        found += [f"DROP TABLE IF EXISTS {name}" for name in tables]
    return found


def is_derived(metadata: MetaData, name: str) -> bool:
    """Return whether a table of the database is part of an index."""
    return any(
        name in {index.name, rest_of(index.name)} or name.startswith(f"{index.name}_grams")
        for index in indexes(metadata)
    )


def _install(connection: Connection, index: TextIndex) -> None:
    make, _, keep = index.statements(connection.dialect.name)
    is_new = not inspect(connection).has_table(index.name)
    for statement in [*(make if is_new else []), *keep]:
        connection.exec_driver_sql(statement)
    if is_new:
        fill(connection, index, FILLED_AT_ONCE)


def folded(text: str) -> str:
    """Return a text with small ASCII letters."""
    return text.translate(_FOLD)


def variants(text: str) -> list[str]:
    """Return the forms in which a typed text is searched.

    A telephone number is stored with the country's code and without the zero of the area: 0431-8888 is found as
    4318888.
    """
    plain = folded(text.strip())
    digits = "".join(character for character in plain if character.isascii() and character.isdigit())
    if len(digits) < 3 or plain.strip("+0123456789 -()") != "":
        return [plain]
    shorter = [digits[1:]] if digits.startswith("0") and len(digits) > 3 else []
    return list(dict.fromkeys([plain, digits, *shorter]))


def grams(text: str) -> list[str]:
    """Return the grams that a text with this part has at least."""
    triples = [at for at in range(len(text) - 2) if _is_latin(text[at : at + 3])]
    covered = {at + step for at in triples for step in (0, 1)}
    pairs = [text[at : at + 2] for at in range(len(text) - 1) if at not in covered]
    return list(dict.fromkeys([*(text[at : at + 3] for at in triples), *pairs]))


def telling(text: str) -> list[str]:
    """Return a few grams that find a text, the rarest kinds first.

    Every house has a road and a unit, few have this number: SQLite reads through the list of each gram it is given.
    """

    def kind(gram: str) -> int:
        return 0 if len(gram) > 2 else 1 if any(map(str.isdigit, gram)) else 2

    return sorted(grams(text), key=kind)[:MOST_GRAMS]


def _is_latin(text: str) -> bool:
    return all(character.isascii() and character.isalnum() for character in text)


def _token(gram: str) -> str:
    """Return a gram as FTS5 keeps it, in hexadecimal."""
    return gram.encode().hex()
