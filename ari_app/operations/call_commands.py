"""Command line of calls: the timeline of one."""

from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from ari_app.operations.locations import locations
from ari_app.operations.running_service import with_database
from ari_app.web.labels import read_labels
from crm.history.service import HistoryService
from crm.history.timeline import TimelineEntry

GROUPS = {"call": "CallMoment", "queue": "QueueEventKind", "story": "StoryStep", "ticket": "TicketAction"}
"""Labels of the codes, by the source of an entry."""
LOCAL = "%Y-%m-%d %H:%M:%S"

call = typer.Typer(help="Calls that have ended.", no_args_is_help=True)


@call.callback()
def _calls() -> None:
    """Look at calls that have ended."""


@call.command("show")
def show(call_id: Annotated[str, typer.Argument(help="id of the call, as pages and logs show it")]) -> None:
    """Print a call's timeline, from first ring to archive."""
    of = locations()
    found = with_database(of, lambda database: HistoryService(database).timeline(call_id))
    zone = ZoneInfo(of.time_zone)
    labels = read_labels(of.callflows)[0]
    outcome = labels.groups["CallOutcome"].get(found.outcome)
    typer.echo(f"{found.id}: {found.direction}, {outcome.en if outcome is not None else found.outcome}")
    for entry in found.entries:
        label = labels.groups[GROUPS[entry.source]].get(entry.what)
        words = label.en if label is not None else entry.what
        typer.echo(f"{entry.at.astimezone(zone).strftime(LOCAL)}  {words}{_facts(entry)}")


def _facts(entry: TimelineEntry) -> str:
    facts = {
        "queue": entry.queue,
        "agent": entry.agent_id,
        "with": entry.target or entry.number,
        "waited": f"{entry.wait_ms / 1000:.1f} s" if entry.wait_ms is not None else None,
        "note": entry.note,
        "ticket": entry.ticket_id,
    }
    return "".join(f"  {name} {value}" for name, value in facts.items() if value)
