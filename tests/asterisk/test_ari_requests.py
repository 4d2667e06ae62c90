"""Requests and the meaning of their refusals, asked of a real Asterisk."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ari_app.ari.client import AriClient
from ari_app.ari.errors import (
    AriConflict,
    AriError,
    AriInvalid,
    AriNotFound,
    AriRefused,
    EndpointUnavailable,
    NotInStasis,
    NotRegistered,
)
from ari_app.ari.events import StasisEnd, StasisStart
from dev.asterisk import Asterisk, free_address
from foundation.ids import new_id
from tests.asterisk.ari_connection import Connection, caller_and_leg, connected, new_client
from tests.asterisk.hotline import WAIT_S


@pytest.fixture
async def connection(asterisk: Asterisk) -> AsyncIterator[Connection]:
    async with connected(asterisk) as opened, asyncio.timeout(60):
        yield opened


@pytest.fixture
async def ari(asterisk: Asterisk) -> AsyncIterator[AriClient]:
    async with new_client(asterisk) as client:
        yield client


@pytest.fixture
async def spare(tmp_path: Path) -> AsyncIterator[Connection]:
    """An Asterisk of its own, ended by force.

    Once an id was asked for twice, Asterisk no longer ends when asked.
    """
    server = Asterisk(free_address(tmp_path))
    server.start()
    try:
        async with connected(server) as opened:
            yield opened
    finally:
        server.kill()


async def test_asterisk_reports_its_version(ari: AriClient) -> None:
    info = await ari.info()
    assert info.system.version.startswith("22.")
    assert info.system.entity_id == (await ari.ping()).asterisk_id
    assert info.config.name == "hotline"
    assert info.status.startup_time


async def test_missing_channel_is_not_found(ari: AriClient) -> None:
    gone = new_id("gone")
    for request in (
        ari.channel(gone),
        ari.answer(gone),
        ari.hang_up(gone),
        ari.play(gone, ["sound:hello"], playback_id=new_id("playback")),
        ari.add_to_bridge(gone, [gone]),
        ari.destroy_bridge(gone),
        ari.stop_playback(gone),
        ari.live_recording(gone),
        ari.stop_recording(gone),
        ari.dynamic("res_pjsip", "endpoint", gone),
        ari.put_dynamic("res_pjsip", "no-such-type", gone, {}),
        ari.endpoint("PJSIP", gone),
    ):
        with pytest.raises(AriNotFound, match=r"not found|cannot be found|do not exist|No matching") as caught:
            await request
        assert not caught.value.sent
        assert caught.value.status in {400, 404, 422}


async def test_an_id_cannot_leave_its_place_in_the_path(ari: AriClient) -> None:
    for outside in ("../bridges", "a/b", "x?app=y", "%2e%2e", "é#"):
        with pytest.raises(AriNotFound, match=r"^GET /channels/"):
            await ari.channel(outside)
    for dots in ("", ".", ".."):
        with pytest.raises(ValueError, match="an id"):
            await ari.channel(dots)


async def test_unregistered_application_differs_from_a_missing_channel(ari: AriClient) -> None:
    stranger = AriClient(ari._url, "hotline", "hotline-local", application="nobody")
    await stranger.start()
    with pytest.raises(NotRegistered):
        await stranger.filter_events()
    await stranger.aclose()


async def test_a_bridge_made_twice_is_a_conflict(ari: AriClient) -> None:
    bridge_id = new_id("talk")
    await ari.create_bridge(bridge_id, types=["holding"])
    with pytest.raises(AriConflict):
        await ari.create_bridge(bridge_id, types=["holding"])
    with pytest.raises(AriNotFound, match="Channel not found"):
        await ari.add_to_bridge(bridge_id, [new_id("gone")])
    await ari.start_bridge_music(bridge_id)
    await ari.stop_bridge_music(bridge_id)
    await ari.destroy_bridge(bridge_id)


async def test_channel_made_twice_is_a_conflict(spare: Connection) -> None:
    ari, channel_id = spare.ari, new_id("leg")
    await ari.originate(spare.caller, channel_id=channel_id, timeout_s=10)
    with pytest.raises(AriConflict):
        await ari.originate(spare.caller, channel_id=channel_id, timeout_s=10)
    await ari.hang_up(channel_id)


async def test_a_phone_that_cannot_be_called_is_unavailable_even_after_a_conflict(spare: Connection) -> None:
    ari, channel_id, user = spare.ari, new_id("leg"), new_id("phone")
    await ari.put_dynamic("res_pjsip", "aor", user, {"max_contacts": "1"})
    await ari.put_dynamic("res_pjsip", "endpoint", user, {"aors": user, "allow": "ulaw"})
    await ari.originate(spare.caller, channel_id=channel_id, timeout_s=30)
    with pytest.raises(AriConflict):
        await ari.originate(spare.caller, channel_id=channel_id, timeout_s=30)
    # Asterisk remembers that conflict per connection and repeats it for what never got as far.
    for _ in range(3):
        with pytest.raises(EndpointUnavailable):
            await ari.originate(f"PJSIP/{user}", channel_id=new_id("leg"), timeout_s=5)
    with pytest.raises(EndpointUnavailable):
        await ari.originate("PJSIP/nobody", channel_id=new_id("leg"), timeout_s=5)
    await ari.hang_up(channel_id)
    await ari.delete_dynamic("res_pjsip", "endpoint", user)
    await ari.delete_dynamic("res_pjsip", "aor", user)


async def test_a_leg_that_has_not_answered_is_not_in_stasis(connection: Connection) -> None:
    ari, leg_id, bridge_id = connection.ari, new_id("leg"), new_id("talk")
    await ari.create_bridge(bridge_id)
    await ari.originate(connection.caller, channel_id=leg_id, timeout_s=10)
    with pytest.raises(NotInStasis):
        await ari.answer(leg_id)
    with pytest.raises(NotInStasis):
        await ari.add_to_bridge(bridge_id, [leg_id])
    await ari.hang_up(leg_id, reason="busy")
    await ari.destroy_bridge(bridge_id)


async def test_a_channel_let_go_leaves_our_application(connection: Connection) -> None:
    async with caller_and_leg(connection) as (caller_id, _):
        with connection.dispatcher.channel(caller_id) as inbox:
            await connection.ari.continue_in_dialplan(caller_id, context="fallback", extension="s", priority=3)
            await inbox.next_of(StasisEnd)


async def test_nonsense_is_invalid(connection: Connection) -> None:
    ari = connection.ari
    async with caller_and_leg(connection) as (caller_id, _):
        with pytest.raises(AriInvalid, match="format"):
            await ari.record_channel(caller_id, name=new_id("spoken"), max_duration_s=1, file_format="nonsense")
        bridge_id = new_id("talk")
        await ari.create_bridge(bridge_id)
        with pytest.raises(AriInvalid, match="not in this bridge"):
            await ari.remove_from_bridge(bridge_id, [caller_id])
        await ari.destroy_bridge(bridge_id)
    with pytest.raises(AriInvalid, match="validation"):
        await ari.put_dynamic("res_pjsip", "endpoint", new_id("phone"), {"nonsense": "1"})


async def test_wrong_credentials_are_refused(asterisk: Asterisk, ari: AriClient) -> None:
    stranger = AriClient(asterisk.at.rest_url, "hotline", "wrong", application="hotline")
    await stranger.start()
    with pytest.raises(AriRefused):
        await stranger.ping()
    await stranger.aclose()


async def test_values_arrive_as_they_were_given(ari: AriClient) -> None:
    odd = "陈 & Söhne, 100% +1=?#"
    await ari.set_global_variable("HOTLINE_ODD", odd)
    assert await ari.global_variable("HOTLINE_ODD") == odd
    assert await ari.global_variable("NO_SUCH_VARIABLE") == ""


async def test_a_caller_with_a_hostile_name_is_one_event(connection: Connection) -> None:
    hostile = "\u202e'; DROP--\U0001f4a9<b>\\"
    callers: asyncio.Queue[StasisStart] = asyncio.Queue()
    connection.dispatcher.new_channel.add_listener(callers.put_nowait)
    await connection.ari.originate(
        connection.caller,
        channel_id=new_id("leg"),
        timeout_s=5,
        caller_id=f"{hostile} <{hostile}>",
        variables={"ODD": hostile},
    )
    caller = (await callers.get()).channel
    assert caller.caller.name
    assert (await connection.ari.channel(caller.id)).state == "Ring"
    assert not connection.source.decoder.malformed


async def test_request_too_long_for_asterisk_is_refused_whole(connection: Connection) -> None:
    leg_id = new_id("leg")
    with pytest.raises(AriInvalid):
        await connection.ari.originate(connection.caller, channel_id=leg_id, timeout_s=5, app_args=["x" * 5000])
    with pytest.raises(AriNotFound):
        await connection.ari.channel(leg_id)


async def test_a_phone_is_pushed_without_a_file_or_a_reload(ari: AriClient) -> None:
    user = new_id("phone")
    await ari.put_dynamic(
        "res_pjsip", "auth", user, {"auth_type": "userpass", "username": user, "password": "ein Paßwort, &=%"}
    )
    await ari.put_dynamic("res_pjsip", "aor", user, {"max_contacts": "1"})
    settings = {"context": "agents", "disallow": "all", "allow": "ulaw,alaw", "auth": user, "aors": user}
    await ari.put_dynamic("res_pjsip", "endpoint", user, settings)
    assert (await ari.endpoint("PJSIP", user)).state == "offline"
    assert (await ari.dynamic("res_pjsip", "auth", user))["password"] == "ein Paßwort, &=%"
    for kind in ("endpoint", "aor", "auth"):
        await ari.delete_dynamic("res_pjsip", kind, user)
    # Asterisk forgets the endpoint once no task of its own uses it any more.
    async with asyncio.timeout(WAIT_S):
        while await has_endpoint(ari, user):
            await asyncio.sleep(0.05)


async def has_endpoint(ari: AriClient, user: str) -> bool:
    """Return whether Asterisk knows a phone."""
    try:
        await ari.endpoint("PJSIP", user)
    except AriNotFound:
        return False
    return True


async def test_more_requests_at_once_than_connections(ari: AriClient) -> None:
    answers = await asyncio.gather(*(ari.ping() for _ in range(200)), return_exceptions=True)
    assert not [answer for answer in answers if isinstance(answer, AriError)]
