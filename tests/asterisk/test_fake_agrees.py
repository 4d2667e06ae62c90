"""The fake Asterisk gives the results and events of the real one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import pytest

from ari_app.ari.client import AriClient
from ari_app.ari.dispatch import Dispatcher, Inbox
from ari_app.ari.errors import AriError
from ari_app.ari.events import (
    ChannelDestroyed,
    ChannelHangupRequest,
    Event,
    PlaybackFinished,
    RecordingFinished,
    StasisEnd,
)
from dev.asterisk import Asterisk
from foundation.ids import new_id
from tests.asterisk.ari_connection import PATIENCE_S, caller_and_leg, connected
from tests.fakes.ari import FakeAri
from tests.fakes.asterisk import FakeAsterisk

COMPARED = (ChannelHangupRequest, StasisEnd, ChannelDestroyed, PlaybackFinished, RecordingFinished)
SOUND = "sound:hello-world"
QUIET_S = 0.5
"""After this long without an event no other one follows."""


@dataclass
class World:
    """An Asterisk with one answered caller in our application."""

    ari: AriClient
    dispatcher: Dispatcher
    caller_id: str
    hang_up: Callable[[], Awaitable[None]]
    """The caller hangs up."""


@asynccontextmanager
async def fake(_: Asterisk) -> AsyncIterator[World]:
    dispatcher = Dispatcher()
    asterisk = FakeAsterisk(dispatcher)
    caller = asterisk.call()
    ari = FakeAri(asterisk)
    await ari.answer(caller.id)

    async def hang_up() -> None:
        asterisk.hang_up(caller.id)

    yield World(ari, dispatcher, caller.id, hang_up)


@asynccontextmanager
async def real(asterisk: Asterisk) -> AsyncIterator[World]:
    async with connected(asterisk) as connection, caller_and_leg(connection) as (caller_id, leg_id):

        async def hang_up() -> None:
            await connection.ari.hang_up(leg_id)

        yield World(connection.ari, connection.dispatcher, caller_id, hang_up)


async def result(request: Awaitable[object]) -> str:
    """Return the name of a request's error, or "done"."""
    try:
        await request
    except AriError as error:
        return type(error).__name__
    return "done"


async def events(inbox: Inbox) -> list[str]:
    """Return the compared events until there are no more for a while."""
    found: list[str] = []
    while True:
        try:
            async with asyncio.timeout(QUIET_S if found else PATIENCE_S):
                event: Event = await inbox.get()
        except TimeoutError:
            return found
        if isinstance(event, COMPARED):
            state = event.playback.state if isinstance(event, PlaybackFinished) else ""
            name = f"{type(event).__name__} {state}".strip()
            # The half of a Local channel may be asked twice.
            if name != "ChannelHangupRequest" or name not in found:
                found.append(name)


async def hang_up_by_the_caller(world: World) -> list[str]:
    with world.dispatcher.channel(world.caller_id) as inbox:
        await world.hang_up()
        return await events(inbox)


async def hang_up_by_us(world: World) -> list[str]:
    with world.dispatcher.channel(world.caller_id) as inbox:
        await world.ari.hang_up(world.caller_id)
        found = await events(inbox)
    # A request for a hang-up may or may not be an event of its own.
    return [event for event in found if event != "ChannelHangupRequest"]


async def return_to_the_dialplan(world: World) -> list[str]:
    with world.dispatcher.channel(world.caller_id) as inbox:
        await world.ari.continue_in_dialplan(world.caller_id, context="fallback", extension="s", priority=3)
        found = await events(inbox)
    return [*found, await result(world.ari.answer(world.caller_id))]


async def stop_of_a_playback(world: World) -> list[str]:
    playback_id = new_id("playback")
    with world.dispatcher.channel(world.caller_id) as inbox:
        await world.ari.play(world.caller_id, [SOUND, SOUND], playback_id=playback_id)
        await asyncio.sleep(0.2)
        await world.ari.stop_playback(playback_id)
        found = await events(inbox)
    return [*found, await result(world.ari.stop_playback(playback_id))]


async def hang_up_during_a_playback(world: World) -> list[str]:
    with world.dispatcher.channel(world.caller_id) as inbox:
        await world.ari.play(world.caller_id, [SOUND] * 5, playback_id=new_id("playback"))
        await asyncio.sleep(0.2)
        await world.hang_up()
        # Whether the playback ends before or after its channel is not fixed.
        return sorted(await events(inbox))


async def stop_of_a_recording(world: World) -> list[str]:
    name = new_id("spoken")
    with world.dispatcher.channel(world.caller_id) as inbox:
        await world.ari.record_channel(world.caller_id, name=name, max_duration_s=10)
        await asyncio.sleep(0.2)
        again = await result(world.ari.record_channel(world.caller_id, name=name, max_duration_s=10))
        await world.ari.stop_recording(name)
        return [again, *await events(inbox), await result(world.ari.stop_recording(name))]


async def requests_about_missing_objects(world: World) -> list[str]:
    ari, gone, bridge_id = world.ari, new_id("gone"), new_id("bridge")
    await ari.create_bridge(bridge_id)
    requests: list[Awaitable[object]] = [
        ari.channel(gone),
        ari.answer(gone),
        ari.hang_up(gone),
        ari.play(gone, [SOUND], playback_id=new_id("playback")),
        ari.destroy_bridge(gone),
        ari.add_to_bridge(bridge_id, [gone]),
        ari.add_to_bridge(gone, [world.caller_id]),
        ari.remove_from_bridge(bridge_id, [world.caller_id]),
        ari.playback(gone),
        ari.live_recording(gone),
        ari.create_bridge(bridge_id),
        ari.originate("PJSIP/nobody", channel_id=new_id("leg"), timeout_s=5, originator=gone),
        ari.destroy_bridge(bridge_id),
    ]
    return [await result(request) for request in requests]


async def music_of_a_holding_bridge(world: World) -> list[str]:
    bridge_id = new_id("hold")
    await world.ari.create_bridge(bridge_id, types=["holding"])
    await world.ari.add_to_bridge(bridge_id, [world.caller_id])
    found = [
        await result(world.ari.start_bridge_music(bridge_id)),
        await result(world.ari.stop_bridge_music(bridge_id)),
    ]
    await world.ari.destroy_bridge(bridge_id)
    return [*found, str((await world.ari.channel(world.caller_id)).stasis_arguments(world.ari.application) is not None)]


WORLDS: dict[str, Callable[[Asterisk], AbstractAsyncContextManager[World]]] = {"fake": fake, "real": real}


@pytest.mark.parametrize(
    "scenario",
    [
        hang_up_by_the_caller,
        hang_up_by_us,
        return_to_the_dialplan,
        stop_of_a_playback,
        hang_up_during_a_playback,
        stop_of_a_recording,
        requests_about_missing_objects,
        music_of_a_holding_bridge,
    ],
)
async def test_fake_and_real_asterisk_agree(
    asterisk: Asterisk, scenario: Callable[[World], Awaitable[list[str]]]
) -> None:
    found: dict[str, list[str]] = {}
    async with asyncio.timeout(90):
        for name, world in WORLDS.items():
            async with world(asterisk) as opened:
                found[name] = await scenario(opened)
    assert found["fake"] == found["real"]
    assert found["real"]
