"""A supervisor's phone on a live call, heard at every ear."""

from tests.asterisk.hotline import SUPERVISOR, Hotline
from tests.asterisk.test_call_control import AGENT_HZ, CALLER_HZ, OWN_CALL, Talking, conversation
from tests.asterisk.test_transfers import answered
from tests.asterisk.whole import nothing_is_left
from tests.desk_client import Desk
from tests.phones.phone import Phone
from tests.phones.sound import tone_share

SUPERVISOR_HZ = 1900.0
HEARD = 0.05
"""Share of a tone in what an ear hears, with two others beside it."""
UNHEARD = 0.005


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
