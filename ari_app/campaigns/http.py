"""Routes of campaigns."""

from pydantic import BaseModel

from ari_app.campaigns.asking import AskingAgents
from ari_app.campaigns.asking_model import PostponeInput, SurveyScript, SurveysQuery, SurveyToAsk
from ari_app.campaigns.model import AnswersInput, AnswersView, ContactView
from ari_app.campaigns.service import CampaignService
from foundation.routes import NoQuery, Request, Role, Routes

READERS = frozenset({Role.AGENT, Role.CAMPAIGNS, Role.QUALITY, Role.SUPERVISOR, Role.ADMINISTRATOR})
ASKERS = frozenset({Role.AGENT, Role.SUPERVISOR})
"""Roles that call customers."""


class TicketSurveys(BaseModel):
    """Contacts and answers of a ticket's survey."""

    contacts: list[ContactView]
    answers: list[AnswersView]


def routes(service: CampaignService, asking: AskingAgents) -> Routes:
    """Routes to read surveys and to enter answers at the desk."""
    table = Routes("campaigns")

    @table.add(
        "GET",
        "/tickets/{ticket_id}/surveys",
        roles=READERS,
        summary="Return the callbacks of a ticket with their answers",
        response=TicketSurveys,
    )
    async def surveys(request: Request[None, NoQuery]) -> TicketSurveys:
        contacts, answers = await service.of_ticket(request.path["ticket_id"])
        return TicketSurveys(contacts=contacts, answers=answers)

    @table.add(
        "POST",
        "/survey-contacts/{contact_id}/answers",
        roles=ASKERS,
        summary="Store a customer's answers to an agent; the machine calls this customer no more about the ticket",
        body=AnswersInput,
        response=AnswersView,
        status=201,
        problems=(404, 409, 422),
    )
    async def answered(request: Request[AnswersInput, NoQuery]) -> AnswersView:
        return await service.asked_by_agent(request.path["contact_id"], request.body, request.actor)

    _by_agents(table, asking)
    return table


def _by_agents(table: Routes, asking: AskingAgents) -> None:
    @table.add(
        "GET",
        "/survey-contacts",
        roles=ASKERS,
        summary="List customers to be asked about finished work, the longest waiting first",
        query=SurveysQuery,
        response=list[SurveyToAsk],
    )
    async def listed(request: Request[None, SurveysQuery]) -> list[SurveyToAsk]:
        return await asking.listed(request.query, request.actor)

    @table.add(
        "GET",
        "/survey-contacts/{contact_id}",
        roles=ASKERS,
        summary="Return a customer to be asked, with the words of the script",
        response=SurveyScript,
        problems=(404,),
    )
    async def script(request: Request[None, NoQuery]) -> SurveyScript:
        return await asking.script(request.path["contact_id"])

    @table.add(
        "POST",
        "/survey-contacts/{contact_id}/claim",
        roles=ASKERS,
        summary="Take a customer to ask; the machine does not call meanwhile",
        response=None,
        status=204,
        problems=(404, 409),
    )
    async def claim(request: Request[None, NoQuery]) -> None:
        await asking.claim(request.path["contact_id"], request.actor)

    @table.add(
        "DELETE",
        "/survey-contacts/{contact_id}/claim",
        roles=ASKERS,
        summary="Give a customer back to the machine",
        response=None,
        status=204,
        problems=(404, 409),
    )
    async def release(request: Request[None, NoQuery]) -> None:
        await asking.release(request.path["contact_id"], request.actor)

    @table.add(
        "POST",
        "/survey-contacts/{contact_id}/postpone",
        roles=ASKERS,
        summary="Give a customer back, to be called at another time",
        body=PostponeInput,
        response=None,
        status=204,
        problems=(404, 409, 422),
    )
    async def postpone(request: Request[PostponeInput, NoQuery]) -> None:
        await asking.postpone(request.path["contact_id"], request.body.until, request.actor)
