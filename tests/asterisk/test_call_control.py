"""Call control on the whole hotline: every ear is listened to."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from signal import SIGCONT, SIGSTOP
from typing import Any

from tests.asterisk.hotline import AGENT, SUPERVISOR, Hotline
from tests.asterisk.whole import asked
from tests.desk_client import Desk
from tests.phones.phone import Phone

CALLER = "13800000002"
CALLER_HZ, AGENT_HZ = 700.0, 1100.0
OWN_CALL = "/api/v1/agents/me/call"


@dataclass
class Talking:
    """Conversation of a caller and an agent, each with a tone."""

    hotline: Hotline
    desk: Desk
    agent: Phone
    caller: Phone
    call_id: str

    async def order(self, command: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Give a command about the agent's call."""
        shown: dict[str, Any] = await self.desk.post(f"{OWN_CALL}/{command}", body)
        return shown

    async def hear_each_other(self) -> None:
        """Listen at both ears."""
        await self.caller.reaches(self.agent, CALLER_HZ)
        await self.agent.reaches(self.caller, AGENT_HZ)

    async def customer_is_held(self) -> None:
        """Listen for music at the customer's ear, for silence at the agent's."""
        await self.caller.hears(seconds=1.0)
        await self.agent.hears_silence(seconds=1.0)


@asynccontextmanager
async def conversation(hotline: Hotline) -> AsyncIterator[Talking]:
    """Open a conversation of a caller and an agent."""
    desk, agent = await hotline.ready_agent()
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller)
    pop = (await desk.message("pop"))["pop"]
    await agent.ringing()
    await agent.answer()
    await agent.answered()
    await desk.message("call", state="talking")
    yield Talking(hotline, desk, agent, caller, pop["call_id"])


async def test_hold_and_resume_at_both_ears(hotline: Hotline) -> None:
    async with conversation(hotline) as talk:
        await talk.hear_each_other()

        held = await talk.order("hold")
        assert held["state"] == "held"
        await talk.customer_is_held()

        await talk.desk.say(type="call_command", action="resume")
        await talk.desk.message("call", state="talking")
        await talk.hear_each_other()
        await talk.agent.hang_up()
        await talk.caller.ended()
        supervisor = await hotline.desk(SUPERVISOR)
        segments = await hotline.sealed(supervisor, talk.call_id)
        assert len(segments) == 2
        assert {segment["status"] for segment in segments} == {"sealed"}


async def test_mute_and_keys_and_hanging_up_from_the_desk(hotline: Hotline) -> None:
    async with conversation(hotline) as talk:
        await talk.order("mute")
        await talk.caller.hears_silence()
        await talk.caller.reaches(talk.agent, CALLER_HZ)
        await talk.order("unmute")
        await talk.agent.reaches(talk.caller, AGENT_HZ)
        await talk.order("digits", {"digits": "5"})
        assert await talk.caller.key_heard() == "5"
        await talk.order("hang-up")
        await talk.caller.ended()
        await talk.agent.ended()


async def test_agents_phone_that_died_reconnects(hotline: Hotline) -> None:
    """The phone's process is killed: it says no goodbye."""
    async with conversation(hotline) as talk:
        talk.agent.kill()
        again = await hotline.phone(f"agent{AGENT}")

        shown = await talk.order("reconnect")
        assert shown["state"] == "returning"
        await talk.caller.hears(seconds=0.5)
        await again.ringing()
        await again.answer()
        await again.answered()
        await talk.desk.message("call", state="talking")
        talk.agent = again
        await talk.hear_each_other()


async def test_customer_of_a_phone_without_rtp_hears_music_and_is_taken_back(hotline: Hotline) -> None:
    """F37: the phone stands still, as when its network is gone."""
    async with asked(hotline.stack) as ari:
        await ari.put_dynamic("res_pjsip", "endpoint", f"agent{AGENT}", {"rtp_timeout": "2"})
    async with conversation(hotline) as talk:
        await talk.agent.reaches(talk.caller, AGENT_HZ)
        assert talk.agent.process_id is not None
        os.kill(talk.agent.process_id, SIGSTOP)
        try:
            away = await talk.desk.message("call", state="away")
            assert away["may"] == ["reconnect", "hang_up"]
            await talk.caller.hears(seconds=1.0)
        finally:
            os.kill(talk.agent.process_id, SIGCONT)
        await talk.order("reconnect")
        await talk.agent.ringing()
        await talk.agent.answer()
        await talk.desk.message("call", state="talking")
        await talk.hear_each_other()
