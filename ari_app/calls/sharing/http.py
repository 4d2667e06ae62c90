"""Routes of shared calls: a link's page, a department's calls."""

from ari_app.calls.sharing.errors import SharedCallNotFound
from ari_app.calls.sharing.model import SharedCall
from ari_app.calls.sharing.page import STYLE, gone_page, page
from ari_app.calls.sharing.service import SharedCalls
from ari_app.web.labels import Labels
from foundation.routes import PUBLIC, NoQuery, Page, Request, Role, Routes


def page_routes(calls: SharedCalls, labels: Labels) -> Routes:
    """Return the public page of a link."""
    table = Routes(tag="calls", prefix="")

    def word(group: str, value: str) -> str:
        label = labels.groups.get(group, {}).get(value)
        return f"{label.zh} {label.en}" if label is not None else value

    @table.add(
        "GET",
        "/shared-calls/{secret}",
        roles=PUBLIC,
        summary="Return the page of a call's link: the draft and the ticket, for the department that is called",
        response=Page,
        problems=(503,),
    )
    async def link_page(request: Request[None, NoQuery]) -> Page:
        try:
            text = page(await calls.opened(request.path["secret"]), word)
        except SharedCallNotFound:
            # The reader comes from an SMS: words for people, not a problem's JSON.
            text = gone_page()
        return Page(text, "text/html", style=STYLE)

    return table


def routes(calls: SharedCalls) -> Routes:
    """Return the route of a department's own calls."""
    table = Routes(tag="calls")

    @table.add(
        "GET",
        "/department-calls",
        roles=frozenset({Role.DEPARTMENT}),
        summary="List the live calls with the own department as third party, with draft and ticket",
        response=list[SharedCall],
        problems=(503,),
    )
    async def own(request: Request[None, NoQuery]) -> list[SharedCall]:
        department_id = request.actor.department_id
        return await calls.of_department(department_id) if department_id is not None else []

    return table
