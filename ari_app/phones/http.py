"""Routes of agents' phones."""

from ari_app.phones.model import AgentPhoneView, BrowserPhoneView, PhoneChoice
from ari_app.phones.service import PhoneService
from ari_app.web.session_http import SessionRequest
from foundation.routes import NoQuery, Request, Role, Routes

AGENTS = frozenset({Role.AGENT})


def routes(service: PhoneService) -> Routes:
    """Return the routes of agents' own phones."""
    table = Routes(tag="phones")

    @table.add(
        "GET",
        "/agents/me/phone",
        roles=AGENTS,
        summary="Return the agent's phone that is rung",
        response=AgentPhoneView,
        problems=(409,),
    )
    async def own(request: Request[None, NoQuery]) -> AgentPhoneView:
        return await service.phone(request.actor.staff_id)

    @table.add(
        "PUT",
        "/agents/me/phone",
        roles=AGENTS,
        summary="Choose which of the agent's phones is rung from the next offer on",
        body=PhoneChoice,
        response=AgentPhoneView,
        problems=(409, 422),
    )
    async def choose(request: Request[PhoneChoice, NoQuery]) -> AgentPhoneView:
        return await service.choose(request.actor.staff_id, request.body.kind)

    @table.add(
        "POST",
        "/agents/me/phone",
        roles=AGENTS,
        summary="Open the browser's phone: a SIP account that ends with the session",
        response=BrowserPhoneView,
        status=201,
        problems=(409, 503),
    )
    async def opened(request: SessionRequest) -> BrowserPhoneView:
        return await service.open(request.own.principal.staff_id, request.own.id)

    return table
