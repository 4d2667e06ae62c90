"""The page docs/figures.md, from the definitions."""

from collections.abc import Sequence

from crm.reports.definitions import agents, callbacks, calls, flows, rescue, results, staffing, tickets
from crm.reports.definitions.model import Figure

HEAD = """\
# Figures

Rendered by `hotline figures table` from `crm/reports/definitions/`, which the API serves as `/figure-definitions`.

Figures of calls come from sums per half hour, which are counted from call records and counted again after each late
one, within seconds; until then a reader counts the half hours that changed from their records, so boards and reports
agree at any moment. Figures of tickets are computed from the tickets when they are asked for.

Hours, days and months are those of `HOTLINE_TIME_ZONE`.
The limit to answer is `within_s` of the request, 20 seconds without it; the limit of short abandons is `short_s`, 5
without it. A share without a base is empty.
"""
TABLES: Sequence[tuple[str, Sequence[Figure]]] = (
    (calls.HEAD, calls.CALLS),
    (agents.HEAD, agents.AGENTS),
    (tickets.HEAD, tickets.TICKETS),
    (flows.HEAD, flows.FLOWS),
    (callbacks.HEAD, callbacks.CALLBACKS),
    (rescue.HEAD, rescue.RESCUE),
    (results.HEAD, results.RESULTS),
    (staffing.HEAD, staffing.STAFFING),
)


def rendered() -> str:
    """Return the definitions as Markdown."""
    return "".join([HEAD, *(part for head, figures in TABLES for part in (head, *_table(figures)))])


def _table(figures: Sequence[Figure]) -> list[str]:
    rows = [
        f"| `{one.name}` | {one.en} | {one.zh} | {one.formula_en} | {one.formula_zh} | {one.unit.value} |\n"
        for one in figures
    ]
    return ["\n| name | English | 中文 | formula | 公式 | unit |\n|---|---|---|---|---|---|\n", *rows]
