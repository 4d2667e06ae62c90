"""Command line of the queues: a recorded day under other rules."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ari_app.operations.errors import RedisNeeded
from ari_app.operations.locations import Locations, locations
from ari_app.operations.queues_in_force import queues_in_force
from ari_app.operations.running_service import with_database
from ari_app.queues.settings import load_queues
from ari_app.queues.simulation.model import SimulatedQueue, Simulation
from ari_app.queues.simulation.service import Rules, SimulationService
from foundation.database import Database
from foundation.redis_client import redis_client

WIDTH = 110
SIDES = ("recorded", "present", "changed")

queues = typer.Typer(help="Try rules of the queues.", no_args_is_help=True)


@queues.command("simulate")
def simulate(
    day: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="the recorded day, such as 2026-11-27")],
    rules: Annotated[Path, typer.Option(help="changed rules, a file like queues.yaml")],
) -> None:
    """Replay a day's calls and agents under changed rules, beside what was."""
    of = locations()
    changed = load_queues(rules)
    _show(with_database(of, lambda database: _run(of, database, day, changed)))


async def _run(of: Locations, database: Database, day: datetime, changed: Rules) -> Simulation:
    if of.redis_url is None:
        raise RedisNeeded("a simulation needs the Redis of the service: start it once, or set HOTLINE_REDIS_URL")
    present, which = await queues_in_force(of, database)
    typer.echo(f"present rules: {which}", err=True)
    redis = redis_client(of.redis_url)
    try:
        return await SimulationService(database, redis, present, of.time_zone).run(day.date(), changed)
    finally:
        await redis.aclose()


def _show(found: Simulation) -> None:
    table = Table(title=f"{found.day}: {found.calls} calls, {found.agents} agents")
    headings = ("offered", "answered", "abandoned", "in 20 s", "p95 wait", "longest", "occupancy")
    for heading in ("queue", "side", *headings):
        table.add_column(heading, justify="left" if heading in {"queue", "side"} else "right")
    names = list(dict.fromkeys(one.queue for side in SIDES for one in getattr(found, side)))
    for name in names:
        for side in SIDES:
            for one in getattr(found, side):
                if one.queue == name:
                    table.add_row(name if side == SIDES[0] else "", side, *_cells(one))
        table.add_section()
    # A narrow terminal would cut the words.
    console = Console(width=max(WIDTH, Console().width))
    console.print(table)
    if found.left_out:
        console.print(f"{found.left_out} calls are left out: the changed rules do not have their queue")


def _cells(one: SimulatedQueue) -> list[str]:
    return [
        str(one.offered),
        str(one.answered),
        str(one.abandoned),
        _percent(one.level_of_offered),
        _seconds(one.wait_p95_ms),
        _seconds(one.longest_wait_ms),
        _percent(one.occupancy),
    ]


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} %"


def _seconds(ms: int | None) -> str:
    return "–" if ms is None else f"{ms / 1000:.1f} s"
