"""Routes of agents' phones."""

from ari_app.phones.model import AgentPhoneView, BrowserPhoneView, PhoneChoice
from ari_app.phones.service import PhoneService
from ari_app.web.session_http import SessionRequest
from foundation.routes import NoQuery, Request, Role, Routes

WITH_PHONE = frozenset({Role.AGENT, Role.SUPERVISOR})


def routes(service: PhoneService) -> Routes:
    """Return the routes of agents' and supervisors' own phones."""
    table = Routes(tag="phones")

    @table.add(
        "GET",
        "/agents/me/phone",
        roles=WITH_PHONE,
        summary="Return the own phone that is rung",
        response=AgentPhoneView,
        problems=(409,),
    )
    async def own(request: Request[None, NoQuery]) -> AgentPhoneView:
        return await service.phone(request.actor.staff_id)

    @table.add(
        "PUT",
        "/agents/me/phone",
        roles=WITH_PHONE,
        summary="Choose which of the own phones is rung from the next call on",
        body=PhoneChoice,
        response=AgentPhoneView,
        problems=(409, 422),
    )
    async def choose(request: Request[PhoneChoice, NoQuery]) -> AgentPhoneView:
        return await service.choose(request.actor.staff_id, request.body.kind)

    @table.add(
        "POST",
        "/agents/me/phone",
        roles=WITH_PHONE,
        summary="Open the browser's phone: a SIP account that ends with the session",
        response=BrowserPhoneView,
        status=201,
        problems=(409, 503),
    )
    async def opened(request: SessionRequest) -> BrowserPhoneView:
        return await service.open(request.own.principal.staff_id, request.own.id)

    return table
