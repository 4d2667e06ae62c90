"""Tables and triggers of text indexes, for SQLite and PostgreSQL."""
# ruff: noqa: S608 - all names are of our models

import re
from collections.abc import Sequence

Statements = tuple[list[str], str, list[str]]
"""How to make the entries, fill in those `{within}` a part of the table, and keep them right."""
Beside = tuple[str, str, Sequence[str]]
"""Table of the rows that belong to a row, the column that names that, and the searched columns."""
_TRIGGER = re.compile(r"CREATE (?P<replaced>OR REPLACE )?TRIGGER (?P<name>\w+) AFTER .*? ON (?P<table>\w+)\b")
_SAME_MOMENT = 1024
"""Rows of one microsecond that keep an order."""

# Every two neighbouring characters, and every three that are digits or Latin letters. `json_each` counts positions:
# a recursive query may not stand in a trigger.
_SQLITE_GRAMS = (
    "(SELECT coalesce(group_concat(hex(substr({text}, p.key + 1, 2)) || CASE WHEN substr({text}, p.key + 1, 3) "
    "GLOB '[0-9a-z][0-9a-z][0-9a-z]' THEN ' ' || hex(substr({text}, p.key + 1, 3)) ELSE '' END, ' '), '') "
    "FROM json_each('[' || rtrim(replace(hex(zeroblob(length({text}) - 1)), '00', '0,'), ',') || ']') AS p)"
)


def sqlite_statements(table: str, words: Sequence[str], beside: Beside, moment: str | None) -> Statements:
    """Return the statements for SQLite.

    A position orders the entries; FTS5 gives them in its order without sorting.
    """
    name, (source, key, columns) = f"{table}_search", beside
    people = (
        f"coalesce((SELECT group_concat(lower({_joined(columns)}), char(10)) FROM {source} WHERE {key} = {{of}}), '')"
    )
    texts = f"lower({_joined(words, '{row}.')})"
    position = _sqlite_position(name, moment)
    make = [
        *_rest(name, "TEXT"),
        f"CREATE TABLE {name} (position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, words TEXT NOT NULL, "
        "people TEXT NOT NULL)",
        f"CREATE VIRTUAL TABLE {name}_grams USING fts5(grams, content='', detail=none, columnsize=0, tokenize='ascii')",
    ]
    numbered = _next_positions(name) if moment is None else _numbered(name, moment)
    fill = (
        f"INSERT INTO {name} (position, id, words, people) SELECT {numbered}, t.id, {texts.format(row='t')}, "
        f"{people.format(of='t.id')} FROM {table} AS t WHERE {{within}} "
        f"AND NOT EXISTS (SELECT 1 FROM {name} AS s WHERE s.id = t.id) ORDER BY 1"
    )
    add = f"INSERT INTO {name}_grams (rowid, grams) VALUES (NEW.position, {_grams_of('NEW')});"
    forget = (
        f"INSERT INTO {name}_grams ({name}_grams, rowid, grams) VALUES ('delete', OLD.position, {_grams_of('OLD')});"
    )
    update = f"UPDATE {name} SET people = {{people}} WHERE id = {{of}};"
    of_new, of_old = (
        update.format(people=people.format(of=f"{row}.{key}"), of=f"{row}.{key}") for row in ("NEW", "OLD")
    )
    triggers = {
        f"{name}_add AFTER INSERT ON {table}": f"INSERT INTO {name} (position, id, words, people) VALUES ({position}, "
        f"NEW.id, {texts.format(row='NEW')}, '');",
        f"{name}_change AFTER UPDATE OF {', '.join(words)} ON {table}": f"UPDATE {name} SET words = "
        f"{texts.format(row='NEW')} WHERE id = NEW.id;",
        f"{name}_remove AFTER DELETE ON {table}": f"DELETE FROM {name} WHERE id = OLD.id;",
        f"{name}_add_beside AFTER INSERT ON {source}": of_new,
        f"{name}_change_beside AFTER UPDATE OF {', '.join([key, *columns])} ON {source}": of_old + of_new,
        f"{name}_remove_beside AFTER DELETE ON {source}": of_old,
        f"{name}_grams_add AFTER INSERT ON {name}": add,
        f"{name}_grams_change AFTER UPDATE ON {name} WHEN NEW.words <> OLD.words OR NEW.people <> OLD.people": forget
        + add,
        f"{name}_grams_remove AFTER DELETE ON {name}": forget,
    }
    keep = [
        statement
        for head, body in triggers.items()
        for statement in (f"DROP TRIGGER IF EXISTS {head.split()[0]}", f"CREATE TRIGGER {head} BEGIN {body} END")
    ]
    return make, fill, keep


def postgresql_statements(table: str, words: Sequence[str], beside: Beside, moment: str | None) -> Statements:
    """Return the statements for PostgreSQL."""
    name, (source, key, columns) = f"{table}_search", beside
    entry = (
        f"SELECT t.id, {f't.{moment}' if moment is not None else 'NULL::timestamptz'}, "
        f"search_folded({_concatenated(words, 't.')}), coalesce((SELECT "
        f"string_agg(search_folded({_concatenated(columns, 'b.')}), E'\\n') FROM {source} b WHERE b.{key} = t.id), '') "
        f"FROM {table} t"
    )
    make = [
        "CREATE OR REPLACE FUNCTION search_folded(t text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS "
        "$$ SELECT translate(t, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') $$",
        "CREATE OR REPLACE FUNCTION search_grams(t text) RETURNS text[] LANGUAGE sql IMMUTABLE COST 10000 "
        # Its cost is that of an entry without the index. With it, other processes take longer to start than to search.
        "PARALLEL UNSAFE AS $$ "
        "SELECT coalesce(array_agg(DISTINCT gram), '{}') FROM ("
        "SELECT c, lead(c) OVER (ORDER BY n) AS d, lead(c, 2) OVER (ORDER BY n) AS e "
        "FROM unnest(string_to_array(t, NULL)) WITH ORDINALITY AS one(c, n)) AS neighbours, "
        "LATERAL (VALUES (c || d), (CASE WHEN c || d || e ~ '^[0-9a-z]{3}$' THEN c || d || e END)) AS grams(gram) "
        "WHERE gram IS NOT NULL $$",
        *_rest(name, "text" if moment is None else "timestamptz"),
        f"CREATE TABLE {name} (id text PRIMARY KEY, moment timestamptz, words text NOT NULL, people text NOT NULL)",
        f"CREATE INDEX ix_{name}_moment ON {name} (moment, id)",
        # It is filled three times as fast with a list of pending rows, which every search reads through.
        f"CREATE INDEX ix_{name}_grams ON {name} USING gin (search_grams(words || E'\\n' || people)) "
        "WITH (gin_pending_list_limit = 8192)",
    ]
    # A row that is removed meanwhile waits for its entry, which goes with it.
    fill = (
        f"INSERT INTO {name} (id, moment, words, people) {entry} WHERE {{within}} "
        "FOR KEY SHARE OF t ON CONFLICT (id) DO NOTHING"
    )
    refresh = (
        f"CREATE OR REPLACE FUNCTION {name}_refresh(which text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN "
        # Of two changes at once, the later one sees the rows of the earlier.
        f"PERFORM 1 FROM {name} WHERE id = which FOR UPDATE; "
        f"INSERT INTO {name} AS s (id, moment, words, people) {entry} WHERE t.id = which ON CONFLICT (id) DO UPDATE "
        "SET words = excluded.words, people = excluded.people "
        "WHERE (s.words, s.people) IS DISTINCT FROM (excluded.words, excluded.people); END $$"
    )
    changed = (
        f"CREATE OR REPLACE FUNCTION {name}_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'DELETE' THEN DELETE FROM {name} WHERE id = OLD.id; ELSE PERFORM {name}_refresh(NEW.id); END IF; "
        "RETURN NULL; END $$"
    )
    beside_changed = (
        f"CREATE OR REPLACE FUNCTION {name}_beside_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP <> 'INSERT' THEN PERFORM {name}_refresh(OLD.{key}); END IF; "
        f"IF TG_OP <> 'DELETE' THEN PERFORM {name}_refresh(NEW.{key}); END IF; RETURN NULL; END $$"
    )
    keep = [
        refresh,
        changed,
        beside_changed,
        f"CREATE OR REPLACE TRIGGER {name}_changed AFTER INSERT OR DELETE OR UPDATE OF {', '.join(words)} ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {name}_changed()",
        f"CREATE OR REPLACE TRIGGER {name}_beside_changed AFTER INSERT OR DELETE OR "
        f"UPDATE OF {', '.join([key, *columns])} ON {source} FOR EACH ROW EXECUTE FUNCTION {name}_beside_changed()",
    ]
    return make, fill, keep


def filled_statements(name: str, dialect: str) -> list[str]:
    """Return the statements that follow when every row has its entry."""
    if dialect == "sqlite":
        return []
    index = f"ix_{name}_grams"
    return [
        f"ALTER INDEX {index} SET (fastupdate = off)",
        f"SELECT gin_clean_pending_list('{index}')",
        f"ANALYZE {name}",
    ]


def dropped_triggers(keep: Sequence[str], entries: str) -> list[str]:
    """Return the statements that drop the triggers of indexed tables."""
    dropped = []
    for statement in keep:
        made = _TRIGGER.match(statement)
        if made is not None and made["table"] != entries:
            dropped.append(f"DROP TRIGGER {made['name']}" + (f" ON {made['table']}" if made["replaced"] else ""))
    return dropped


def rest_of(name: str) -> str:
    """Return the table of the oldest place that is filled.

    Rows before it have no entries; when all have, it is empty.
    """
    return f"{name}_rest"


def _rest(name: str, kind: str) -> list[str]:
    rest = rest_of(name)
    return [
        f"DROP TABLE IF EXISTS {rest}",
        f"CREATE TABLE {rest} (before {kind})",
        f"INSERT INTO {rest} (before) VALUES (NULL)",
    ]


def _joined(columns: Sequence[str], row: str = "") -> str:
    return " || char(10) || ".join(f"coalesce({row}{column}, '')" for column in columns)


def _concatenated(columns: Sequence[str], row: str) -> str:
    return f"concat_ws(E'\\n', {', '.join(f'{row}{column}' for column in columns)})"


def _grams_of(row: str) -> str:
    return _SQLITE_GRAMS.format(text=f"({row}.words || char(10) || {row}.people)")


def _microseconds(column: str) -> str:
    """Return microseconds, with room for rows of the same moment."""
    seconds = f"CAST(strftime('%s', {column}) AS INTEGER)"
    return f"({seconds} * 1000000 + CAST(substr({column}, 21, 6) AS INTEGER)) * {_SAME_MOMENT}"


def _numbered(name: str, moment: str) -> str:
    base = _microseconds(f"t.{moment}")
    return f"{base} + {_taken(name, base)} + row_number() OVER (PARTITION BY t.{moment} ORDER BY t.id) - 1"


def _next_positions(name: str) -> str:
    return f"(SELECT coalesce(max(position), 0) FROM {name}) + row_number() OVER (ORDER BY t.id)"


def _taken(name: str, base: str) -> str:
    return f"(SELECT count(*) FROM {name} WHERE position BETWEEN {base} AND {base} + {_SAME_MOMENT - 1})"


def _sqlite_position(name: str, moment: str | None) -> str:
    if moment is None:
        return f"(SELECT coalesce(max(position), 0) + 1 FROM {name})"
    base = _microseconds(f"NEW.{moment}")
    return f"{base} + {_taken(name, base)}"
