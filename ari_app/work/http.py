"""Routes of an agent's work beside calls."""

from ari_app.queues.http import AGENTS, AgentView, agent_view
from ari_app.queues.service import QueueService
from ari_app.work.desk_file import IntakeStep
from ari_app.work.model import (
    DispositionInput,
    ExtendWrapUp,
    FiguresView,
    IntakeQuery,
    PauseReasonView,
)
from ari_app.work.service import AgentWork
from crm.customers.reminders.model import ReminderInput, ReminderView
from crm.history.http import READERS
from crm.history.model import CallResult
from foundation.problems import NotFound
from foundation.routes import DESKS, NoQuery, Request, Role, Routes


def routes(work: AgentWork, queues: QueueService) -> Routes:
    """Return the routes of an agent's work."""
    table = Routes(tag="work")

    @table.add(
        "GET",
        "/not-ready-reasons",
        roles=DESKS | {Role.QUALITY},
        summary="List the reasons of pauses, with the limit of each",
        response=list[PauseReasonView],
    )
    async def reasons(_request: Request[None, NoQuery]) -> list[PauseReasonView]:
        return work.pause_reasons()

    @table.add(
        "GET",
        "/intake-script",
        roles=DESKS,
        summary="Return what the agent asks about a matter, step by step, with the words to read it back",
        query=IntakeQuery,
        response=list[IntakeStep],
    )
    async def intake(request: Request[None, IntakeQuery]) -> list[IntakeStep]:
        return work.intake(request.query.queue, request.query.kind)

    @table.add(
        "GET",
        "/agents/me/figures",
        roles=AGENTS,
        summary="Return the agent's own figures since midnight",
        response=FiguresView,
        problems=(503,),
    )
    async def figures(request: Request[None, NoQuery]) -> FiguresView:
        return await work.figures(request.actor.staff_id)

    @table.add(
        "POST",
        "/agents/me/wrap-up-extension",
        roles=AGENTS,
        summary="Add time to the wrap-up, within fifteen minutes",
        body=ExtendWrapUp,
        response=AgentView,
        problems=(409,),
    )
    async def extend(request: Request[ExtendWrapUp, NoQuery]) -> AgentView:
        return agent_view(await queues.extend_wrap_up(request.actor.staff_id, request.body.seconds))

    @table.add(
        "PUT",
        "/calls/{call_id}/disposition",
        roles=DESKS,
        summary="Store the result of a call, or replace it",
        body=DispositionInput,
        response=CallResult,
        problems=(503,),
    )
    async def dispose(request: Request[DispositionInput, NoQuery]) -> CallResult:
        return await work.dispose(request.actor, request.path["call_id"], request.body)

    @table.add(
        "PUT",
        "/calls/{call_id}/arrears-reminder",
        roles=DESKS,
        summary="Store the outcome of the reminder of arrears in a call, or replace it",
        body=ReminderInput,
        response=ReminderView,
        problems=(404, 422, 503),
    )
    async def remind(request: Request[ReminderInput, NoQuery]) -> ReminderView:
        return await work.remind(request.actor, request.path["call_id"], request.body)

    @table.add(
        "GET",
        "/calls/{call_id}/disposition",
        roles=READERS,
        summary="Return the result of a call",
        response=CallResult,
        problems=(404,),
    )
    async def disposition(request: Request[None, NoQuery]) -> CallResult:
        found = await work.disposition(request.path["call_id"])
        if found is None:
            raise NotFound("This call has no result.")
        return found

    return table
