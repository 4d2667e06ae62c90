"""Desks over real sockets: pops, newest wins, reconnects, commands, broadcasts."""

import asyncio

import aiohttp
import pytest

from ari_app.desk.command_model import PauseCommand, ReadyCommand, WrapUpDone
from ari_app.desk.model import Notice, NoticeLevel, QueueState
from ari_app.desk.painting import PAINTED_S
from ari_app.desk.pop import SpokenWording
from ari_app.desk.socket import CloseCode
from foundation.problems import Conflict, Unavailable
from foundation.routes import Principal, Role
from tests.unit.web.conftest import AGENT, ORIGIN, SOCKET, Build, House, OpenDesk, person, pop

OTHER = person(Role.AGENT, 1).staff_id


async def test_the_welcome_says_who_and_shows_the_snapshot(house: House, open_desk: OpenDesk) -> None:
    async def snapshot(who: Principal) -> object:
        return {"queues": [], "for": who.role}

    house.desks.snapshot = snapshot
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


async def test_pop_without_a_desk_is_not_taken(house: House) -> None:
    assert not await house.hub.pop(AGENT, pop())


async def test_phone_waits_for_the_picture_but_not_for_a_browser_that_hangs(house: House, open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await desk.say(type="paints_pops")
    await desk.say(type="ping")
    await desk.read("pong")
    showing = asyncio.create_task(house.hub.pop(AGENT, pop("call-1")))
    shown = await desk.read("pop")
    await asyncio.sleep(PAINTED_S / 2)
    assert not showing.done()
    await desk.say(type="pop_seen", id=shown["pop"]["id"])
    async with asyncio.timeout(PAINTED_S / 3):
        assert await showing
    async with asyncio.timeout(10 * PAINTED_S):
        assert await house.hub.pop(AGENT, pop("call-2"))


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
    assert again["draft"]["fields"] == {"subject": "no heat"}


async def test_a_draft_belongs_to_the_call_and_every_desk_of_it(house: House, open_desk: OpenDesk) -> None:
    desk, other = await open_desk(), await open_desk(number=1)
    await desk.read("welcome")
    await other.read("welcome")
    await house.hub.pop(AGENT, pop())
    await desk.read("pop")
    await desk.say(type="draft", call_id="call-1", fields={"subject": "no heat", "form": {"room": 3}})
    await desk.say(type="ping")
    await desk.read("pong")
    await house.hub.pop(OTHER, pop())
    assert (await other.read())["type"] == "pop"
    received = await other.read("draft")
    assert received["draft"]["fields"] == {"subject": "no heat", "form": {"room": 3}}
    assert (received["draft"]["by"], received["draft"]["by_name"]) == (AGENT, "agent 0")
    await other.say(type="draft", call_id="call-1", fields={"subject": "no heat since Monday"})
    for one in (desk, other):
        stored = (await one.read("draft"))["draft"]
        while stored["revision"] < 2:
            stored = (await one.read("draft"))["draft"]
        assert (stored["fields"], stored["by"]) == ({"subject": "no heat since Monday"}, OTHER)
    await other.leave()
    again = await (await open_desk(number=1)).read("welcome")
    assert again["draft"]["fields"] == {"subject": "no heat since Monday", "form": {"room": 3}}


async def test_a_desk_of_another_call_does_not_write_the_draft(house: House, open_desk: OpenDesk) -> None:
    desk, stranger = await open_desk(), await open_desk(number=1)
    await desk.read("welcome")
    await stranger.read("welcome")
    await house.hub.pop(AGENT, pop())
    await house.hub.pop(OTHER, pop("call-2"))
    await stranger.read("pop")
    await stranger.say(type="draft", call_id="call-1", fields={"subject": "overwritten"})
    assert (await stranger.read("refused"))["problem"] == "draft-refused"
    assert await house.hub.state.draft("call-1") is None


async def test_the_newest_desk_of_an_agent_wins(house: House, open_desk: OpenDesk) -> None:
    old = await open_desk()
    await old.read("welcome")
    new = await open_desk()
    await new.read("welcome")
    assert (await old.read())["type"] == "replaced"
    assert await old.closed() == CloseCode.REPLACED
    assert await house.hub.pop(AGENT, pop())
    assert (await new.read())["type"] == "pop"


async def test_a_supervisor_may_keep_a_wallboard_beside_the_desk(house: House, open_desk: OpenDesk) -> None:
    desks = []
    for _ in range(5):
        desks.append(await open_desk(Role.SUPERVISOR))
        await desks[-1].read("welcome")
    assert (await desks[0].read())["type"] == "replaced"
    await house.hub.broadcast(Role.SUPERVISOR, QueueState(queue="repair", waiting=3))
    for desk in desks[1:]:
        assert (await desk.read())["waiting"] == 3


async def test_a_pop_between_two_desks_reaches_the_new_one(
    house: House, open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The desk connects while the pop is stored: it read too early."""
    shown, may_go_on = asyncio.Event(), asyncio.Event()
    show = house.hub.state.show

    async def slow(agent_id: str, call_id: str, body: bytes) -> None:
        shown.set()
        await may_go_on.wait()
        await show(agent_id, call_id, body)

    monkeypatch.setattr(house.hub.state, "show", slow)
    popping = asyncio.create_task(house.hub.pop(AGENT, pop()))
    await shown.wait()
    desk = await open_desk()
    assert (await desk.read("welcome"))["pop"] is None
    may_go_on.set()
    assert await popping
    assert (await desk.read())["type"] == "pop"


async def test_message_before_the_welcome_is_sent_after_it(house: House, open_desk: OpenDesk) -> None:
    asked, may_go_on = asyncio.Event(), asyncio.Event()

    async def snapshot(_who: Principal) -> object:
        asked.set()
        await may_go_on.wait()
        return None

    house.desks.snapshot = snapshot
    desk = await open_desk()
    await asked.wait()
    assert await house.hub.pop(AGENT, pop())
    may_go_on.set()
    assert [(await desk.read())["type"] for _ in range(2)] == ["welcome", "pop"]


async def test_a_call_that_is_over_does_not_close_the_pop_of_the_next(house: House, open_desk: OpenDesk) -> None:
    await house.hub.pop(AGENT, pop("call-1"))
    await house.hub.pop(AGENT, pop("call-2"))
    await house.hub.close_pop(AGENT, "call-1")
    assert (await (await open_desk()).read("welcome"))["pop"]["call_id"] == "call-2"
    assert await house.hub.shown_call(AGENT) == "call-2"
    await house.hub.close_pop(AGENT, "call-2")
    assert await house.hub.shown_call(AGENT) is None
    assert (await (await open_desk()).read("welcome"))["pop"] is None


async def test_commands_arrive_in_order_and_as_themselves(house: House, open_desk: OpenDesk) -> None:
    done: asyncio.Queue[tuple[str, object]] = asyncio.Queue()

    async def carry_out(agent_id: str, command: object) -> None:
        await done.put((agent_id, command))

    house.desks.command = carry_out
    desk = await open_desk()
    for message in (
        {"type": "ready"},
        {"type": "not_ready", "reason": "break"},
        {"type": "wrap_up_done"},
    ):
        await desk.say(**message)
    expected = [ReadyCommand(), PauseCommand("break"), WrapUpDone()]
    async with asyncio.timeout(5):
        assert [await done.get() for _ in expected] == [(AGENT, command) for command in expected]


async def test_command_before_the_desk_leaves_is_carried_out(house: House, open_desk: OpenDesk) -> None:
    may_go_on, done = asyncio.Event(), asyncio.Event()

    async def carry_out(_agent_id: str, _command: object) -> None:
        await may_go_on.wait()
        done.set()

    house.desks.command = carry_out
    desk = await open_desk()
    await desk.say(type="not_ready", reason="going home")
    await desk.leave()
    may_go_on.set()
    async with asyncio.timeout(5):
        await done.wait()


async def test_a_refused_command_says_why(house: House, open_desk: OpenDesk) -> None:
    async def carry_out(_agent_id: str, command: object) -> None:
        if isinstance(command, ReadyCommand):
            raise Conflict("You are talking.")
        raise RuntimeError("canary")

    house.desks.command = carry_out
    agent, supervisor = await open_desk(), await open_desk(Role.SUPERVISOR)
    await agent.say(type="ready")
    refused = await agent.read("refused")
    assert (refused["command"], refused["problem"], refused["detail"]) == ("ready", "conflict", "You are talking.")
    await agent.say(type="wrap_up_done")
    assert "canary" not in (await agent.read("refused"))["detail"]
    await supervisor.say(type="ready")
    assert (await supervisor.read("refused"))["problem"] == "forbidden"


async def test_presence_is_reported_once_a_desk_is_gone_for_good(build: Build, open_desk: OpenDesk) -> None:
    house = await build(grace_s=60)
    reported: asyncio.Queue[tuple[str, bool]] = asyncio.Queue()

    async def on_presence(agent_id: str, connected: bool) -> None:
        await reported.put((agent_id, connected))

    house.desks.presence = on_presence
    desk = await open_desk(at=house)
    await desk.read("welcome")
    await desk.leave()
    again = await open_desk(at=house)
    await again.read("welcome")
    assert house.hub.connected(AGENT)
    house.hub._absences.grace_s = 0.05
    await again.leave()
    async with asyncio.timeout(5):
        assert [await reported.get() for _ in range(3)] == [(AGENT, True), (AGENT, True), (AGENT, False)]
    assert not house.hub.connected(AGENT)


async def test_a_notice_reaches_every_desk_of_the_roles_meant(house: House, open_desk: OpenDesk) -> None:
    desks = {role: await open_desk(role) for role in (Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR)}
    for desk in desks.values():
        await desk.read("welcome")
    await house.hub.broadcast(
        [Role.AGENT, Role.ADMINISTRATOR], Notice(level=NoticeLevel.INFO, text=SpokenWording("停水", "No water"))
    )
    await house.hub.broadcast(Role.SUPERVISOR, QueueState(queue="repair", waiting=1))
    assert (await desks[Role.AGENT].read())["text"] == {"zh": "停水", "en": "No water"}
    assert (await desks[Role.ADMINISTRATOR].read())["type"] == "notice"
    assert (await desks[Role.SUPERVISOR].read())["type"] == "queue"


async def test_broadcasts_keep_their_order(house: House, open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ari_app.desk.hub.AT_ONCE", 1)
    desks = [await open_desk(Role.SUPERVISOR, number) for number in range(3)]
    for desk in desks:
        await desk.read("welcome")
    states = [QueueState(queue="repair", waiting=n) for n in range(20)]
    await asyncio.gather(*(house.hub.broadcast(Role.SUPERVISOR, state) for state in states))
    for desk in desks:
        assert [(await desk.read())["waiting"] for _ in states] == list(range(20))


async def test_a_stopping_service_sends_desks_away(build: Build, open_desk: OpenDesk) -> None:
    house = await build()
    desk = await open_desk(at=house)
    await desk.read("welcome")
    closed = asyncio.create_task(desk.closed())
    await house.server.aclose()
    assert await closed == 1001


async def test_absence_is_reported_until_it_is_taken(
    build: Build, open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ari_app.desk.absences.SAY_AGAIN_S", 0.01)
    house = await build()
    heard, told = asyncio.Event(), 0

    async def on_presence(_agent_id: str, connected: bool) -> None:
        nonlocal told
        if connected:
            return
        told += 1
        if told < 3:
            raise Unavailable("The queues are out of reach.")
        heard.set()

    house.desks.presence = on_presence
    desk = await open_desk(at=house)
    await desk.read("welcome")
    await desk.leave()
    async with asyncio.timeout(5):
        await heard.wait()
    assert told == 3


@pytest.mark.parametrize(("error", "code"), [(Unavailable("away"), 1013), (RuntimeError("canary"), 1011)])
async def test_desk_without_a_welcome_is_asked_to_reconnect(
    house: House, open_desk: OpenDesk, error: Exception, code: int
) -> None:
    async def snapshot(_who: Principal) -> object:
        raise error

    gone = asyncio.Event()

    async def on_presence(_agent_id: str, connected: bool) -> None:
        if not connected:
            gone.set()

    house.desks.snapshot, house.desks.presence = snapshot, on_presence
    desk = await open_desk()
    assert await desk.closed() == code
    async with asyncio.timeout(5):
        await gone.wait()
    assert house.hub.sockets() == []


async def test_a_desk_without_a_welcome_gets_nothing_before_it_is_closed(house: House) -> None:
    async def snapshot(_who: Principal) -> object:
        assert await house.hub.pop(AGENT, pop())
        raise TimeoutError

    house.desks.snapshot = snapshot
    cookie = {"Cookie": f"hotline={await house.token(Role.AGENT)}"}
    async with house.client(**cookie) as http, http.ws_connect(SOCKET, origin=ORIGIN) as desk:
        closed = await desk.receive(timeout=5)
    assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, aiohttp.WSCloseCode.TRY_AGAIN_LATER)
