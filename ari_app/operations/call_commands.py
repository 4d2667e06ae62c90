"""Command line of calls: the timeline of one."""

from collections.abc import Mapping
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from ari_app.operations.locations import locations
from ari_app.operations.running_service import with_database
from ari_app.web.labels import read_labels
from crm.history.service import HistoryService
from crm.history.timeline import CallMoment, CallTimeline, TimelineEntry
from crm.staff.service import StaffService
from foundation.database import Database

GROUPS = {
    "call": "CallMoment",
    "queue": "QueueEventKind",
    "story": "StoryStep",
    "ticket": "TicketAction",
    "reminder": "ReminderOutcome",
}
"""Labels of the codes, by the source of an entry."""
LOCAL = "%Y-%m-%d %H:%M:%S"

NAMED = {"result": "result", "reminder": "reminder of arrears"}
"""Sources with codes that need their source named."""

call = typer.Typer(help="Calls that have ended.", no_args_is_help=True)


@call.callback()
def _calls() -> None:
    """Look at calls that have ended."""


@call.command("show")
def show(call_id: Annotated[str, typer.Argument(help="id of the call, as pages and logs show it")]) -> None:
    """Print a call's timeline, from first ring to archive."""
    of = locations()

    async def look(database: Database) -> tuple[CallTimeline, dict[str, str]]:
        return await HistoryService(database).timeline(call_id), await StaffService(database, ()).names()

    found, names = with_database(of, look)
    zone = ZoneInfo(of.time_zone)
    labels = read_labels(of.callflows)[0]
    outcome = labels.groups["CallOutcome"].get(found.outcome)
    typer.echo(f"{found.id}: {found.direction}, {outcome.en if outcome is not None else found.outcome}")
    for entry in found.entries:
        label = labels.groups[GROUPS[entry.source]].get(entry.what) if entry.source in GROUPS else None
        words = label.en if label is not None else entry.what
        if entry.source in NAMED:
            words = f"{NAMED[entry.source]}: {words}"
        typer.echo(f"{entry.at.astimezone(zone).strftime(LOCAL)}  {words}{_facts(entry, names)}")


def _facts(entry: TimelineEntry, names: Mapping[str, str]) -> str:
    named = {one: names.get(one, one) if one is not None else None for one in (entry.agent_id, entry.target)}
    ended = entry.source == "call" and entry.what == CallMoment.ENDED
    facts = {
        "queue": entry.queue,
        "agent": named[entry.agent_id],
        "by" if ended else "with": named[entry.target] or entry.number,
        "waited": f"{entry.wait_ms / 1000:.1f} s" if entry.wait_ms is not None else None,
        "note": entry.note,
        "missed": entry.missed,
        "ticket": entry.ticket_id,
    }
    for answer in entry.result.answers if entry.result is not None else []:
        facts[answer.en] = answer.value_en
    return "".join(f"  {name} {value}" for name, value in facts.items() if value)
