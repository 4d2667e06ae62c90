"""Isolation of channels and receivers: slow and broken ones (F32)."""

import asyncio

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.notices.breaker import Breaker
from crm.notices.channels import Letter
from crm.notices.model import DeliveryState, NoticeChannel
from crm.notices.views import RecipientInput
from crm.outbox.worker import DeliveryRules
from tests.unit.crm.conftest import AGENT, Place
from tests.unit.crm.notices.conftest import House, Received, Receiver


class Gateway:
    """Sender that waits for a gate and counts parallel letters."""

    def __init__(self, *, shared: bool = True) -> None:
        self.shared = shared
        self.opened = asyncio.Event()
        self.at_once = self.most = self.asked = 0
        self.fails = False

    async def send(self, letter: Letter) -> None:
        self.asked += 1
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await self.opened.wait()
        finally:
            self.at_once -= 1
        if self.fails:
            raise ConnectionError("away")


async def sms(house: House, department_id: str, count: int) -> None:
    for number in range(count):
        given = {
            "department_id": department_id,
            "name": f"phone {number}",
            "channel": "sms",
            "address": f"138000000{10 + number}",
        }
        await house.notices.create(RecipientInput.model_validate(given))


async def test_f32_slow_channel_delays_no_other_and_no_ticket(house: House, place: Place, receiver: Receiver) -> None:
    gateway = Gateway()
    house.senders[NoticeChannel.SMS] = gateway
    await sms(house, place.east, 12)
    await house.webhook(receiver.url, place.east)
    async with house.working(DeliveryRules(parallel=4, timeout_s=30)):
        ticket = await house.tickets.file(place.fault(), AGENT)
        for _ in range(5):
            await house.tickets.dispatch(ticket.id, place.east, AGENT)
        await receiver.until(5)
        assert (gateway.most, len(await house.log(state=DeliveryState.SENT, channel=NoticeChannel.SMS))) == (4, 0)
        gateway.opened.set()
        await house.until(lambda log: len(log) == 60, channel=NoticeChannel.SMS, state=DeliveryState.SENT)
    assert gateway.most == 4


async def test_f32_slow_receiver_delays_no_other_of_its_channel(house: House, place: Place, receiver: Receiver) -> None:
    gone = asyncio.Event()

    async def answer(came: Received) -> web.Response | None:
        if came.path == "/slow":
            await gone.wait()
        return None

    receiver.answer = answer
    await house.webhook(receiver.url.replace("/hook", "/slow"), place.east)
    await house.webhook(receiver.url, place.east)
    async with house.working(DeliveryRules(parallel=2, timeout_s=30, first_retry_s=0.02)):
        for number in range(6):
            ticket = await house.tickets.file(place.fault(address=f"幸福路{number + 1}号"), AGENT)
            await house.tickets.dispatch(ticket.id, place.east, AGENT)
        async with asyncio.timeout(10):
            while sum(came.path == "/hook" for came in receiver.received) < 6:
                await asyncio.sleep(0.01)
        # Of the slow one, one message is on its way; the rest wait for it.
        assert sum(came.path == "/slow" for came in receiver.received) == 1
        gone.set()


async def test_f32_broken_gateway_is_paused_and_tried_with_one_notice(
    house: House, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm.notices.delivering.Breaker", lambda: Breaker(failures=3, first_open_s=0.4))
    gateway = Gateway()
    gateway.fails = True
    gateway.opened.set()
    house.senders[NoticeChannel.SMS] = gateway
    await sms(house, place.east, 10)
    rules = DeliveryRules(parallel=1, timeout_s=5, first_retry_s=0.01, longest_retry_s=0.01, attempts=50)
    async with house.working(rules):
        ticket = await house.tickets.file(place.fault(), AGENT)
        await house.tickets.dispatch(ticket.id, place.east, AGENT)
        async with asyncio.timeout(10):
            while gateway.asked < 3:
                await asyncio.sleep(0.005)
        await asyncio.sleep(0.2)
        assert gateway.asked == 3
        gateway.fails = False
        log = await house.until(lambda log: all(told.state is DeliveryState.SENT for told in log))
    assert len(log) == 10
    # Being left alone costs no attempt.
    assert sum(told.attempts for told in log) == 13


async def test_broken_receiver_does_not_affect_others(
    house: House, place: Place, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm.notices.delivering.Breaker", lambda: Breaker(failures=2, first_open_s=60))

    async def answer(came: Received) -> web.Response | None:
        return web.Response(status=500) if came.path == "/broken" else None

    receiver.answer = answer
    broken = await house.webhook(receiver.url.replace("/hook", "/broken"), place.east)
    await house.webhook(receiver.url, place.east)
    async with house.working(DeliveryRules(first_retry_s=0.01, longest_retry_s=0.01, attempts=99)):
        ticket = await house.tickets.file(place.fault(), AGENT)
        for _ in range(4):
            await house.tickets.dispatch(ticket.id, place.east, AGENT)
        await house.until(lambda log: len(log) == 4, state=DeliveryState.SENT)
        await asyncio.sleep(0.1)
    assert sum(came.path == "/broken" for came in receiver.received) == 2
    assert {told.recipient_id for told in await house.log() if told.state is not DeliveryState.SENT} == {broken.id}


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_circuit_opens_longer_each_time_and_closes_with_a_success() -> None:
    clock = Hands()
    breaker = Breaker(failures=2, first_open_s=10, longest_open_s=30, clock=clock)
    for _ in range(2):
        assert breaker.room("a", 5) == 5
        breaker.failed("a")
    assert (breaker.room("a", 5), breaker.room("b", 5)) == (0, 5)
    for opened_s in (20, 30, 30):
        clock.now += breaker.opens_in_s() or 0
        assert breaker.room("a", 5) == 1
        breaker.begun("a")
        assert breaker.room("a", 5) == 0
        assert breaker.opens_in_s() is None
        breaker.failed("a")
        assert breaker.opens_in_s() == opened_s
    clock.now += 30
    breaker.begun("a")
    breaker.left_undecided("a")
    assert breaker.room("a", 5) == 1
    breaker.succeeded("a")
    assert (breaker.room("a", 5), breaker.closed_to()) == (5, [])


@settings(deadline=None)
@given(st.lists(st.sampled_from(["failed", "succeeded", "begun", "left_undecided", "wait"]), max_size=40))
def test_circuit_always_closes_again(steps: list[str]) -> None:
    clock = Hands()
    breaker = Breaker(failures=3, first_open_s=10, longest_open_s=40, clock=clock)
    for step in steps:
        if step == "wait":
            clock.now += 7
        else:
            getattr(breaker, step)("a")
    breaker.left_undecided("a")
    clock.now += 40
    assert breaker.room("a", 1) == 1
