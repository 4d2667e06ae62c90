"""Sound in every state in which a caller waits for a person.

The tests listen at the caller's phone.
"""

import asyncio

from tests.asterisk.hotline import AGENT, OTHER_AGENT, SUPERVISOR, Hotline
from tests.asterisk.test_adoption import die, revive
from tests.phones.sound import said
from tests.words import words

CALLER, SECOND = "13800000002", "13800000006"
LISTENING_S = 8.0
"""Longer than an announcement and the longest silence allowed, together."""


async def test_music_plays_between_announcements(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller)
    await caller.hears_words(await words("queue_position", queue={"position": 1}))

    await caller.hears_no_pause(seconds=LISTENING_S)

    await caller.hang_up()
    await hotline.waiting(supervisor, "repair", 0)


async def test_music_plays_while_the_agents_phone_rings(hotline: Hotline) -> None:
    desk, phone = await hotline.ready_agent()
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller)
    await phone.ringing()

    await caller.hears_no_pause(seconds=LISTENING_S)
    await phone.answer()
    await phone.answered()
    await desk.message("call", stage="talking")
    await asyncio.gather(phone.reaches(caller, 1000), caller.reaches(phone, 440))

    await caller.hang_up()
    await phone.ended()


async def test_music_plays_after_an_agent_declined(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    _, refusing = await hotline.ready_agent(AGENT, rejects="486 Busy Here")
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller)
    await refusing.ringing()

    await caller.hears_no_pause(seconds=LISTENING_S)

    await caller.hang_up()
    await hotline.waiting(supervisor, "repair", 0)


async def test_music_goes_on_without_the_service_and_after_adoption(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller)
    await hotline.waiting(supervisor, "repair", 1)
    await caller.hears_no_pause(seconds=LISTENING_S)

    await die(hotline)
    await caller.hears_no_pause(seconds=4.0)
    await revive(hotline)
    await caller.hears_no_pause(seconds=LISTENING_S)

    await caller.hang_up()
    await hotline.waiting(supervisor, "repair", 0)


async def test_music_plays_while_a_phone_rings_on_after_adoption(hotline: Hotline) -> None:
    _, phone = await hotline.ready_agent(OTHER_AGENT)
    caller = await hotline.phone(SECOND)
    await hotline.into_queue(caller)
    await phone.ringing()

    await die(hotline)
    await revive(hotline)
    await caller.hears_no_pause(seconds=LISTENING_S)
    await phone.answer()
    await phone.answered()
    await phone.reaches(caller, 1000)

    await caller.hang_up()
    await phone.ended()


async def test_greeting_is_said_in_the_queue(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    caller = await hotline.phone(CALLER)
    await hotline.into_queue(caller)
    await hotline.waiting(supervisor, "repair", 1)

    await caller.hears_words(await words("to_person"))

    await caller.hang_up()
    await hotline.waiting(supervisor, "repair", 0)


async def test_key_during_the_welcome_rings_a_free_agent_before_any_more_words(hotline: Hotline) -> None:
    desk, phone = await hotline.ready_agent()
    caller = await hotline.phone(CALLER)
    await caller.call(hotline.number)
    await caller.answered()
    await caller.hears(seconds=0.3)

    await caller.press("3")
    await desk.message("pop")
    await phone.ringing()

    heard = await caller.hear()
    assert said(heard, await words("greeting")) < 0.75
    assert said(heard, await words("to_person")) < 0.5
    await caller.hang_up()
    await phone.ended()


async def test_silent_caller_hears_no_long_silence_from_the_answer_to_the_queue(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    caller = await hotline.phone(CALLER)
    await caller.call(hotline.number)
    await caller.answered()
    await caller.hears(seconds=0.3)

    await caller.hears_no_pause(seconds=25.0)
    await hotline.waiting(supervisor, "repair", 1)

    await caller.hang_up()
    await hotline.waiting(supervisor, "repair", 0)
