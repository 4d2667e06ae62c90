"""Routes of campaigns."""

from pydantic import BaseModel

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


def routes(service: CampaignService) -> Routes:
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

    return table
