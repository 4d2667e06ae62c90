"""SMS with a call's link, hidden in the log (H2)."""

from crm.notices.call_links import HIDDEN, KIND, CallLinkSender
from crm.notices.channels import Letter
from crm.notices.model import DeliveryState, NoticeChannel
from crm.notices.views import RecipientChange, RecipientInput
from tests.unit.crm.conftest import Place
from tests.unit.crm.notices.conftest import House

LINK = "https://desk.test/shared-calls/abcdefghijklmnopqrstuvwx"


class Gateway:
    """SMS gateway that notes its letters."""

    shared = True

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    async def send(self, letter: Letter) -> None:
        self.letters.append(letter)


async def test_link_goes_to_the_number_on_duty_and_not_into_the_log(house: House, place: Place) -> None:
    gateway = house.senders[NoticeChannel.SMS] = Gateway()
    sender = CallLinkSender(house.database, house.planner, house.duty, house.due.announce, house.senders)
    assert not await sender.send("call-1", place.east, LINK), "no number is known"
    given = {"name": "张师傅", "channel": "sms", "address": "13800000009", "department_id": place.east}
    recipient = await house.notices.create(RecipientInput.model_validate(given))
    async with house.working():
        assert await sender.send("call-1", place.east, LINK)
        (entry,) = await house.until(lambda log: [one.state for one in log] == [DeliveryState.SENT])
    (letter,) = gateway.letters
    assert (letter.address, LINK in letter.text) == ("+8613800000009", True)
    assert LINK not in entry.text
    assert HIDDEN in entry.text
    await house.notices.update(recipient.id, RecipientChange(switches={KIND: False}))
    assert not await sender.send("call-2", place.east, LINK)


async def test_without_a_gateway_no_link_is_sent(house: House, place: Place) -> None:
    sender = CallLinkSender(house.database, house.planner, house.duty, house.due.announce, ())
    assert not await sender.send("call-1", place.east, LINK)
    assert await house.log() == []
