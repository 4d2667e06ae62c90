"""Public page of a ticket's link."""

import pytest
from pydantic import SecretStr

from ari_app.settings import Settings
from crm.tickets.errors import TicketNotFound
from crm.tickets.link_page import STYLE, routes
from foundation.routes import PUBLIC, NoQuery, Page, Request

(ROUTE,) = routes("https://desk.example/").table


async def page(number: str) -> Page:
    answer: Page = await ROUTE.handler(Request(None, {"number": number}, NoQuery(), None))
    return answer


async def test_the_link_of_an_sms_leads_to_a_page_that_says_where_to_sign_in() -> None:
    link = Settings(ari_password=SecretStr("x"), public_url="https://desk.example/").ticket_link
    assert link.removeprefix("https://desk.example") == ROUTE.path
    assert (ROUTE.roles, ROUTE.response) == (PUBLIC, Page)

    shown = await page("26112900003")

    assert (shown.media_type, shown.style) == ("text/html", STYLE)
    assert shown.text.index("工单 26112900003") < shown.text.index("Ticket 26112900003")
    assert shown.text.count("https://desk.example") == 2
    assert "{" not in shown.text.replace(STYLE, "")
    # Browsers apply the style only if its text is the allowed one.
    assert f"<style>{STYLE}</style>" in shown.text
    assert not [tag for tag in ("<script", "<link", "<img", "<form") if tag in shown.text]


async def test_s7_the_page_is_the_same_for_a_ticket_that_does_not_exist() -> None:
    known, unknown = await page("26112900003"), await page("99999999999")
    assert known.text.replace("26112900003", "") == unknown.text.replace("99999999999", "")


@pytest.mark.parametrize("number", ["<b>1</b>", "12345", "1" * 21, "１２３４５６", "../../etc"])
async def test_s12_only_a_number_has_a_page(number: str) -> None:
    with pytest.raises(TicketNotFound):
        await page(number)
