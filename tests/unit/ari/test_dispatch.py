"""Listeners of events and their order."""

import asyncio
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from ari_app.ari import dispatch
from ari_app.ari.dispatch import LONG_INBOX, Dispatcher
from ari_app.ari.events import (
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelHangupRequest,
    Event,
    PlaybackFinished,
    PlaybackStarted,
    StasisEnd,
    StasisStart,
)
from ari_app.ari.model import Channel, Playback


def key(digit: str, channel_id: str = "a") -> ChannelDtmfReceived:
    return ChannelDtmfReceived(channel=Channel(id=channel_id), digit=digit)


def playback(kind: type[PlaybackStarted] | type[PlaybackFinished], playback_id: str) -> Event:
    return kind(playback=Playback(id=playback_id, target_uri="channel:a"))


def dispatcher_with(listener: Callable[[StasisStart], None]) -> Dispatcher:
    """Return a dispatcher that hands new channels to a listener."""
    dispatcher = Dispatcher()
    dispatcher.new_channel.add_listener(listener)
    return dispatcher


async def test_an_inbox_gets_its_channel_s_events_in_order() -> None:
    dispatcher = Dispatcher()
    with dispatcher.channel("a") as inbox:
        for digit in "123":
            dispatcher.dispatch(key(digit))
            dispatcher.dispatch(key("9", "b"))
        dispatcher.dispatch(playback(PlaybackStarted, "p"))
        assert [(await inbox.next_of(ChannelDtmfReceived)).digit for _ in "123"] == ["1", "2", "3"]
        assert isinstance(await inbox.get(), PlaybackStarted)
        assert len(inbox) == 0
    dispatcher.dispatch(key("4"))
    assert len(inbox) == 0
    assert dispatcher._by_id == {}


async def test_waiting_ends_with_the_event() -> None:
    dispatcher = Dispatcher()
    with dispatcher.channel("a") as inbox:
        waiting = asyncio.create_task(inbox.next_of(StasisEnd, ChannelDestroyed))
        await asyncio.sleep(0)
        dispatcher.dispatch(key("1"))
        dispatcher.dispatch(ChannelDestroyed(channel=Channel(id="a"), cause=16))
        assert isinstance(await waiting, ChannelDestroyed)


async def test_an_expectation_takes_the_first_of_its_kinds_and_id() -> None:
    dispatcher = Dispatcher()
    with dispatcher.expect((PlaybackFinished, ChannelDestroyed), "p") as ended:
        dispatcher.dispatch(playback(PlaybackStarted, "p"))
        dispatcher.dispatch(playback(PlaybackFinished, "q"))
        assert not ended.done()
        dispatcher.dispatch(playback(PlaybackFinished, "p"))
        dispatcher.dispatch(playback(PlaybackFinished, "p"))
        assert isinstance(await ended, PlaybackFinished)
    with dispatcher.expect(PlaybackFinished, "p") as never:
        pass
    assert never.cancelled()
    assert dispatcher._by_id == {}


async def test_one_id_may_have_several_listeners() -> None:
    dispatcher = Dispatcher()
    with dispatcher.channel("a") as first, dispatcher.channel("a") as second, dispatcher.expect(StasisEnd, "a") as end:
        dispatcher.dispatch(StasisEnd(channel=Channel(id="a")))
        assert (len(first), len(second), end.done()) == (1, 1, True)


async def test_channel_without_listener_is_a_new_call() -> None:
    new: list[str] = []
    dispatcher = dispatcher_with(lambda event: new.append(event.channel.id))
    with dispatcher.channel("ours") as inbox:
        dispatcher.dispatch(StasisStart(channel=Channel(id="ours")))
        assert len(inbox) == 1
    dispatcher.dispatch(StasisStart(channel=Channel(id="caller")))
    assert new == ["caller"]


async def test_task_of_a_new_call_gets_earlier_events() -> None:
    dispatcher = dispatcher_with(lambda _: None)
    dispatcher.dispatch(StasisStart(channel=Channel(id="a")))
    dispatcher.dispatch(key("1"))
    dispatcher.dispatch(ChannelHangupRequest(channel=Channel(id="a")))
    with dispatcher.channel("a") as inbox:
        assert isinstance(await inbox.get(), ChannelDtmfReceived)
        assert isinstance(await inbox.get(), ChannelHangupRequest)
        dispatcher.dispatch(key("2"))
        assert len(inbox) == 1
    assert dispatcher._by_id == {}


async def test_new_call_without_a_task_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "CLAIM_S", 0.0)
    dispatcher = dispatcher_with(lambda _: None)
    dispatcher.dispatch(StasisStart(channel=Channel(id="a")))
    assert "a" in dispatcher._by_id
    while dispatcher._by_id:
        await asyncio.sleep(0)
    with dispatcher.channel("a") as inbox:
        assert len(inbox) == 0


async def test_listeners_hear_of_their_kind_until_they_stop() -> None:
    dispatcher = Dispatcher()
    heard: list[str] = []
    stop = dispatcher.listen(ChannelDtmfReceived, lambda event: heard.append(event.digit))
    dispatcher.dispatch(key("1"))
    dispatcher.dispatch(playback(PlaybackStarted, "p"))
    stop()
    dispatcher.dispatch(key("2"))
    assert heard == ["1"]


async def test_failing_listener_does_not_stop_the_others() -> None:
    def broken(event: Event) -> None:
        raise RuntimeError("a bug")

    dispatcher = dispatcher_with(broken)
    heard: list[Event] = []
    dispatcher.listen(StasisStart, broken)
    dispatcher.listen(StasisStart, heard.append)
    with capture_logs() as logs:
        dispatcher.dispatch(StasisStart(channel=Channel(id="a")))
    assert len(heard) == 1
    assert [entry["event"] for entry in logs] == ["ari_listener_failed"] * 2


async def test_long_inbox_is_logged() -> None:
    dispatcher = Dispatcher()
    with dispatcher.channel("a") as inbox, dispatcher.channel("b"), capture_logs() as logs:
        for _ in range(LONG_INBOX):
            dispatcher.dispatch(key("1"))
        assert dispatcher.longest_inbox == len(inbox) == LONG_INBOX
    assert [entry["event"] for entry in logs] == ["ari_inbox_long"]
