"""Rows that the benchmarks load have every column of a table.

A new column is missed here, not at night.
"""

from ari_app.runtime.schema import METADATA
from bench.hotline_data import EACH
from bench.loading import PRINTED, whole_rows


def test_every_column_that_must_be_filled_is() -> None:
    rows = whole_rows(PRINTED)
    assert {table for table, _, _ in rows} == set(EACH)
    for table, columns, _ in rows:
        needed = {column.name for column in METADATA.tables[table].columns if not column.nullable}
        assert needed <= set(columns.split(", "))
