"""Routes of campaigns."""

from pydantic import BaseModel

from ari_app.campaigns.model import AnswersInput, AnswersView, ContactView
from ari_app.campaigns.service import CampaignService
from foundation.routes import NoQuery, Request, Role, Routes

READERS = frozenset({Role.AGENT, Role.CAMPAIGNS, Role.QUALITY, Role.SUPERVISOR, Role.ADMINISTRATOR})
ASKERS = frozenset({Role.AGENT, Role.SUPERVISOR})
"""Who calls customers."""


class TicketSurveys(BaseModel):
    """Who was asked about a ticket, and what they said."""

    contacts: list[ContactView]
    answers: list[AnswersView]


def routes(service: CampaignService) -> Routes:
    """What can be read of campaigns, and answers that an agent took down."""
    table = Routes("campaigns")

    @table.add(
        "GET",
        "/tickets/{ticket_id}/surveys",
        roles=READERS,
        summary="Who was called back about a ticket, and what they answered",
        response=TicketSurveys,
    )
    async def surveys(request: Request[None, NoQuery]) -> TicketSurveys:
        contacts, answers = await service.of_ticket(request.path["ticket_id"])
        return TicketSurveys(contacts=contacts, answers=answers)

    @table.add(
        "POST",
        "/survey-contacts/{contact_id}/answers",
        roles=ASKERS,
        summary="What a customer answered to an agent who asked with the survey's script; the machine calls no more",
        body=AnswersInput,
        response=AnswersView,
        status=201,
        problems=(404, 409, 422),
    )
    async def answered(request: Request[AnswersInput, NoQuery]) -> AnswersView:
        return await service.asked_by_agent(request.path["contact_id"], request.body, request.actor)

    return table
