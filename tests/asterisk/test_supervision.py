"""A supervisor's phone on a live call, heard at every ear."""

from tests.asterisk.hotline import AGENT, SUPERVISOR, Hotline
from tests.asterisk.test_adoption import die, revive
from tests.asterisk.test_call_control import AGENT_HZ, CALLER, CALLER_HZ, OWN_CALL, Talking, conversation
from tests.asterisk.test_transfers import answered, talk_alone
from tests.asterisk.whole import nothing_is_left
from tests.desk_client import Desk
from tests.phones.phone import Phone
from tests.phones.sound import tone_share

SUPERVISOR_HZ = 1900.0
UNHEARD = 0.005
"""Largest share of a tone in what an ear hears, where it does not hear it."""


async def supervisor_of(talk: Talking, action: str) -> tuple[Desk, Phone]:
    """Have the supervisor's phone rung into the call, and answered."""
    phone = await talk.hotline.phone(f"supervisor{SUPERVISOR}")
    desk = await talk.hotline.desk(SUPERVISOR)
    shown = await desk.post(f"/api/v1/live-calls/{talk.call_id}/{action}", None)
    assert shown["supervisor"]["mode"] == {"take-over": "listen"}.get(action, action)
    await answered(phone)
    return desk, phone


async def all_speak(talk: Talking, supervisor: Phone) -> None:
    """Have all three speak, each with a tone of its own."""
    talk.hotline.speaks(talk.caller, CALLER_HZ)
    talk.hotline.speaks(talk.agent, AGENT_HZ)
    talk.hotline.speaks(supervisor, SUPERVISOR_HZ)


async def hears_only(phone: Phone, *wanted: float) -> None:
    """Wait until a phone hears these tones and none of the others."""
    await phone.hears_just(set(wanted), {CALLER_HZ, AGENT_HZ, SUPERVISOR_HZ} - set(wanted))


async def order(desk: Desk, talk: Talking, action: str) -> None:
    """Give a supervisor's order about the call."""
    await desk.post(f"/api/v1/live-calls/{talk.call_id}/{action}", None)


async def test_listen_whisper_barge_and_take_over_at_three_ears(hotline: Hotline) -> None:
    async with conversation(hotline) as talk:
        desk, phone = await supervisor_of(talk, "listen")
        await all_speak(talk, phone)
        await hears_only(phone, CALLER_HZ, AGENT_HZ)
        shown = await talk.desk.get(OWN_CALL)
        assert (shown["supervisor"]["mode"], shown["supervisor"]["staff_number"]) == ("listen", SUPERVISOR)
        await hears_only(talk.agent, CALLER_HZ)
        await hears_only(talk.caller, AGENT_HZ)

        await order(desk, talk, "whisper")
        await hears_only(talk.agent, CALLER_HZ, SUPERVISOR_HZ)
        await hears_only(phone, CALLER_HZ, AGENT_HZ)
        await hears_only(talk.caller, AGENT_HZ)
        assert tone_share(await talk.caller.hear(2.0), SUPERVISOR_HZ) < UNHEARD

        await order(desk, talk, "barge")
        await hears_only(talk.caller, AGENT_HZ, SUPERVISOR_HZ)
        await hears_only(talk.agent, CALLER_HZ, SUPERVISOR_HZ)
        await hears_only(phone, CALLER_HZ, AGENT_HZ)

        await order(desk, talk, "listen")
        await hears_only(talk.caller, AGENT_HZ)
        await hears_only(talk.agent, CALLER_HZ)
        await hears_only(phone, CALLER_HZ, AGENT_HZ)

        await order(desk, talk, "take-over")
        await talk.agent.ended()
        await hears_only(talk.caller, SUPERVISOR_HZ)
        await hears_only(phone, CALLER_HZ)
        await phone.hang_up()
        await talk.caller.ended()
        record = await hotline.call_record(desk, talk.call_id)
        steps = [one["step"] for one in record["story"]]
        assert steps == ["listened", "whispered", "barged", "listened", "took_over"]
        segments = await hotline.sealed(desk, talk.call_id)
        agents = [one["agent_id"] for one in segments]
        assert agents[-1] == record["agent_id"] != agents[0]
        assert len(segments) == 4, "alone, with the supervisor, alone, the supervisor's own"
        uses = await desk.get("/api/v1/supervisor-uses", call_id=talk.call_id)
        assert [one["use"] for one in reversed(uses)] == ["listen", "whisper", "barge", "listen", "take_over"]
        await nothing_is_left(hotline.stack)


async def test_service_killed_while_a_supervisor_whispers_drops_no_one(hotline: Hotline) -> None:
    async with conversation(hotline) as talk:
        desk, phone = await supervisor_of(talk, "whisper")
        await all_speak(talk, phone)
        await hears_only(talk.agent, CALLER_HZ, SUPERVISOR_HZ)

        await die(hotline)
        await hears_only(talk.agent, CALLER_HZ, SUPERVISOR_HZ)
        await hears_only(talk.caller, AGENT_HZ)
        await revive(hotline)
        await hotline.whole()

        await order(desk, talk, "barge")
        await hears_only(talk.caller, AGENT_HZ, SUPERVISOR_HZ)
        phone.kill()
        await order(desk, talk, "leave")
        await hears_only(talk.caller, AGENT_HZ)
        await hears_only(talk.agent, CALLER_HZ)
        await talk.caller.hang_up()
        await nothing_is_left(hotline.stack)


async def test_supervisor_pulls_a_caller_and_changes_an_agents_state(hotline: Hotline) -> None:
    phone = await hotline.phone(f"supervisor{SUPERVISOR}")
    desk = await hotline.desk(SUPERVISOR)
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller)
    await hotline.waiting(desk, "repair", 1)
    (waiting,) = [one for one in await desk.get("/api/v1/live-calls") if one["stage"] == "queued"]
    await desk.post(f"/api/v1/live-calls/{waiting['call_id']}/pull", None)
    await answered(phone)
    await talk_alone(caller, CALLER_HZ, phone, SUPERVISOR_HZ)
    await phone.hang_up()
    await caller.ended()

    agent = await hotline.desk(AGENT)
    me = (await agent.get("/api/v1/agents/me"))["agent_id"]
    why = {"reason": "午间高峰"}
    assert (await desk.post(f"/api/v1/agents/{me}/state", {"state": "ready", **why}))["state"] == "ready"
    assert "午间高峰" in (await agent.message("notice"))["text"]["zh"]
    paused = await desk.post(f"/api/v1/agents/{me}/state", {"state": "not_ready", "pause": "training", **why})
    assert (paused["state"], paused["reason"]) == ("not_ready", "training")
    before = paused["queues"]
    assert (await desk.put(f"/api/v1/agents/{me}/queues", {"queues": ["repair"], **why}))["queues"] == ["repair"]
    await desk.put(f"/api/v1/agents/{me}/queues", {"queues": before, **why})
    assert (await desk.post(f"/api/v1/agents/{me}/sign-out", why))["state"] == "offline"
    uses = await desk.get("/api/v1/supervisor-uses", agent_id=me)
    assert [one["use"] for one in reversed(uses)][-5:] == ["ready", "pause", "queues", "queues", "sign_out"]
    assert {one["reason"] for one in uses} >= {"午间高峰"}
