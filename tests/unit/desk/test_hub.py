"""Desks over real sockets: pops, newest wins, reconnects, several nodes."""



from ari_app.desk.model import (
    CallerNumber,
    CustomerCard,
    Pop,
    Wording,
)
from ari_app.desk.socket import CloseCode
from foundation.routes import Principal, Role
from tests.unit.desk.conftest import House, OpenDesk, person

AGENT = person(Role.AGENT).staff_id


def pop(call_id: str = "call-1") -> Pop:
    return Pop(
        id=f"pop-{call_id}",
        call_id=call_id,
        offered_at_ms=1,
        queue="repair",
        waited_ms=1200,
        greeting=Wording("您好", "Hello"),
        number=CallerNumber("+8613800000001", "北京", "中国移动"),
        customers=[CustomerCard("cus-1", "A1", "张三", "x", "y", "VIP", 12_300, contract_active=True)],
    )


async def test_the_welcome_says_who_and_shows_the_snapshot(house: House, open_desk: OpenDesk) -> None:
    async def snapshot(who: Principal) -> object:
        return {"queues": [], "for": who.role}

    house.hub.snapshot = snapshot
    desk = await open_desk()
    welcome = await desk.read()
    assert welcome["type"] == "welcome"
    assert welcome["staff_id"] == AGENT
    assert welcome["role"] == "agent"
    assert welcome["snapshot"] == {"queues": [], "for": "agent"}
    assert welcome["pop"] is None


async def test_a_pop_is_shown_and_closed(house: House, open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await desk.read("welcome")
    assert await house.hub.pop(AGENT, pop())
    shown = await desk.read()
    assert shown["type"] == "pop"
    assert shown["pop"]["customers"][0]["arrears_cents"] == 12_300
    await house.hub.close_pop(AGENT, "call-1")
    closed = await desk.read()
    assert (closed["type"], closed["call_id"]) == ("pop_closed", "call-1")
    assert closed["id"] > shown["id"]


async def test_nobody_at_the_desk_takes_no_pop(house: House) -> None:
    assert not await house.hub.pop(AGENT, pop())


async def test_a_lost_browser_finds_its_pop_and_its_draft_again(house: House, open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await desk.read("welcome")
    await house.hub.pop(AGENT, pop())
    await desk.say(type="draft", call_id="call-1", fields={"subject": "no heat"})
    await desk.say(type="ping")
    await desk.read("pong")
    await desk.leave()
    again = await (await open_desk()).read("welcome")
    assert again["pop"]["call_id"] == "call-1"
    assert again["draft"] == {"call_id": "call-1", "fields": {"subject": "no heat"}}


async def test_the_newest_desk_of_an_agent_wins(house: House, open_desk: OpenDesk) -> None:
    old = await open_desk()
    await old.read("welcome")
    new = await open_desk()
    await new.read("welcome")
    assert (await old.read())["type"] == "replaced"
    assert await old.closed() == CloseCode.REPLACED
    assert await house.hub.pop(AGENT, pop())
    assert (await new.read())["type"] == "pop"
