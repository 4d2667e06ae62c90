"""All figures by report, those marked that are shown at first."""

from collections.abc import Collection, Sequence

from pydantic import BaseModel

from crm.reports.definitions.agents import AGENTS
from crm.reports.definitions.callbacks import CALLBACKS
from crm.reports.definitions.calls import CALLS
from crm.reports.definitions.flows import FLOWS
from crm.reports.definitions.model import Figure
from crm.reports.definitions.rescue import RESCUE
from crm.reports.definitions.results import RESULTS
from crm.reports.definitions.staffing import STAFFING
from crm.reports.definitions.tickets import TICKETS


class FigureDefinitions(BaseModel):
    """Definitions of the figures of each report."""

    calls: list[Figure]
    agents: list[Figure]
    tickets: list[Figure]
    staffing: list[Figure]
    flows: list[Figure]
    callbacks: list[Figure]
    rescue: list[Figure]
    results: list[Figure]


USUAL = {
    "calls": {
        *("incoming", "offered", "answered", "abandoned", "level_of_offered"),
        *("wait_p50_ms", "wait_p95_ms", "longest_wait_ms", "talk_ms"),
    },
    "agents": {
        *("signed_in_ms", "ready_ms", "paused_ms", "talk_ms", "held_ms", "wrap_up_ms", "occupancy"),
        *("adherence", "answered", "missed", "transferred"),
    },
    "tickets": {"registered", "closed", "in_time_share", "redone", "refused", "urged", "satisfaction", "rated"},
}


def _marked(figures: Sequence[Figure], usual: Collection[str] | None = None) -> list[Figure]:
    return [one.model_copy(update={"usual": usual is None or one.name in usual}) for one in figures]


DEFINITIONS = FigureDefinitions(
    calls=_marked(CALLS, USUAL["calls"]),
    agents=_marked(AGENTS, USUAL["agents"]),
    tickets=_marked(TICKETS, USUAL["tickets"]),
    staffing=_marked(STAFFING),
    flows=_marked(FLOWS),
    callbacks=_marked(CALLBACKS),
    rescue=_marked(RESCUE),
    results=_marked(RESULTS),
)
