"""Routes of campaigns."""

from pydantic import BaseModel

from ari_app.campaigns.model import AnswersView, ContactView
from ari_app.campaigns.service import CampaignService
from foundation.routes import NoQuery, Request, Role, Routes

READERS = frozenset({Role.AGENT, Role.CAMPAIGNS, Role.QUALITY, Role.SUPERVISOR, Role.ADMINISTRATOR})


class TicketSurveys(BaseModel):
    """Who was asked about a ticket, and what they said."""

    contacts: list[ContactView]
    answers: list[AnswersView]


def routes(service: CampaignService) -> Routes:
    """What can be read of campaigns."""
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

    return table
