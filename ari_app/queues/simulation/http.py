"""Route of simulations: changed rules are tried before they are saved."""

from typing import Annotated

from pydantic import BaseModel, StringConstraints

from ari_app.queues.simulation.model import Simulation
from ari_app.queues.simulation.rules import rules_in
from ari_app.queues.simulation.service import SimulationService
from crm.moments import Day
from foundation.routes import LEADERS, NoQuery, Request, Routes


class SimulationInput(BaseModel, extra="forbid"):
    """Recorded day, and the rules to try on it."""

    day: Day
    rules: Annotated[str, StringConstraints(min_length=1, max_length=200_000)]
    """Queues as in `queues.yaml`."""


def routes(simulations: SimulationService) -> Routes:
    """Return the route of simulations."""
    table = Routes(tag="queues")

    @table.add(
        "POST",
        "/queue-simulations",
        roles=LEADERS,
        summary="Replay a recorded day under changed rules of the queues, beside what was; nothing is stored",
        body=SimulationInput,
        response=Simulation,
        problems=(404, 409, 422),
    )
    async def simulate(request: Request[SimulationInput, NoQuery]) -> Simulation:
        return await simulations.run(request.body.day, rules_in(request.body.rules))

    return table
