"""Conversations on a real Asterisk end in one sealed file.

The caller is left, the agent right, through every fault.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ari_app.ari.ami import AmiClient
from ari_app.ari.events import RecordingFinished
from dev.asterisk import Asterisk, free_address
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.routes import Principal, Role
from recordings.model import RecordingKind, RecordingStatus, RecordingView, Segment
from recordings.service import RecordingService
from tests.asterisk.ari_connection import caller_and_leg, connected, new_client
from tests.phones.accounts import account
from tests.phones.phone import Phone
from tests.phones.sound import tone_share
from tests.unit.recordings.audio import read_wav
from tests.unit.recordings.disk import small_disk

CALLER_HERTZ = 500.0
AGENT_HERTZ = 1300.0
SPOKEN_SECONDS = 3.0
DIALPLAN = """
[phones]
exten => _8XXX,1,Dial(PJSIP/${EXTEN},10)
 same => n,Hangup()
"""
QUALITY = Principal(staff_id="staff-quality", staff_number="4001", name="Wang", role=Role.QUALITY)


@pytest.fixture
def recordings_root(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


@pytest.fixture
def exchange(tmp_path: Path, recordings_root: Path) -> Iterator[Asterisk]:
    """An Asterisk of the test's own; some tests kill it."""
    accounts = account("8001", "one", context="phones") + account("8002", "two", context="phones")
    server = Asterisk(
        free_address(tmp_path / "asterisk"),
        recordings=recordings_root / "spool",
        pjsip={"phones": accounts},
        extensions={"test": DIALPLAN},
    )
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def service(sqlite_database: Database, recordings_root: Path) -> AsyncIterator[RecordingService]:
    opened = RecordingService(sqlite_database, recordings_root, minimum_free_bytes=1)
    yield opened
    await opened.aclose()


@dataclass
class Conversation:
    """Two people talking, and what is needed to record them."""

    caller: Phone
    agent: Phone
    channel_id: str
    ami: AmiClient
    service: RecordingService

    async def begin(self) -> Segment:
        segment = await self.service.begin("call-1", RecordingKind.CONVERSATION, agent_id="staff-1")
        assert segment.failed is None
        assert segment.agent_path is not None
        await self.ami.mix_monitor(self.channel_id, segment.caller_path, segment.agent_path)
        return segment

    async def talk(self, seconds: float = SPOKEN_SECONDS) -> None:
        await asyncio.gather(self.caller.play_tone(CALLER_HERTZ, seconds), self.agent.play_tone(AGENT_HERTZ, seconds))

    async def recorded(self) -> RecordingView:
        """One segment from its beginning to its seal."""
        segment = await self.begin()
        started_at = utc_now()
        await self.talk()
        await self.ami.stop_mix_monitor(self.channel_id)
        sealed = await self.service.seal(segment.id, started_at=started_at)
        assert sealed is not None
        return sealed


@asynccontextmanager
async def conversation(exchange: Asterisk, service: RecordingService) -> AsyncIterator[Conversation]:
    at = exchange.at
    async with AsyncExitStack() as stack:
        phones = [Phone(user, user, word, at.address, at.sip_port) for user, word in (("8001", "one"), ("8002", "two"))]
        caller, agent = [await stack.enter_async_context(phone) for phone in phones]
        ami = AmiClient(at.address, at.ami_port, at.user, at.password)
        await ami.start()
        stack.push_async_callback(ami.aclose)
        ari = await stack.enter_async_context(new_client(exchange))
        await agent.behave(answers_after=0)
        await caller.call("8002")
        await caller.answered()
        channels = {channel.name: channel.id for channel in await ari.channels()}
        names = [name for name in channels if name.startswith("PJSIP/8001-")]
        assert len(names) == 1, channels
        yield Conversation(caller, agent, channels[names[0]], ami, service)


@pytest.fixture
async def talking(exchange: Asterisk, service: RecordingService) -> AsyncIterator[Conversation]:
    async with asyncio.timeout(60), conversation(exchange, service) as going:
        yield going


def as_long_as(sealed: RecordingView, spoken_s: float, began_s: float) -> bool:
    """Tell if a recording is as long as the talk.

    A busy machine speaks slowly, so it may be as long as there was time for.
    """
    took_ms = (time.monotonic() - began_s) * 1000
    return sealed.duration_ms is not None and 0.95 * spoken_s * 1000 <= sealed.duration_ms <= took_ms + 100


async def test_caller_left_agent_right_and_as_long_as_they_talked(talking: Conversation) -> None:
    began_s = time.monotonic()
    sealed = await talking.recorded()
    assert sealed.status is RecordingStatus.SEALED, sealed.note
    assert as_long_as(sealed, SPOKEN_SECONDS, began_s)
    assert sealed.gap_ms <= 40
    left, right = read_wav(await talking.service.access.open_file(sealed.id, QUALITY)).T
    middle = slice(len(left) // 4, -len(left) // 4)
    assert tone_share(left[middle], CALLER_HERTZ) > 0.95
    assert tone_share(right[middle], AGENT_HERTZ) > 0.95
    assert (await talking.service.access.verify(sealed.id, QUALITY)).ok


async def test_segments_of_one_call_one_after_the_other(talking: Conversation) -> None:
    for _ in range(2):
        await talking.recorded()
    assert [(one.segment, one.status) for one in await talking.service.of_call("call-1")] == [
        (1, RecordingStatus.SEALED),
        (2, RecordingStatus.SEALED),
    ]
    assert (await talking.service.audit_orphans(grace_s=0)).clean


async def test_a_hang_up_ends_the_recording_by_itself(talking: Conversation) -> None:
    began_s = time.monotonic()
    segment = await talking.begin()
    await talking.talk(2)
    await talking.caller.hang_up()
    await talking.agent.ended()
    sealed = await talking.service.seal(segment.id)
    assert sealed is not None
    assert sealed.status is RecordingStatus.SEALED, sealed.note
    assert as_long_as(sealed, 2, began_s)


async def test_audit_leaves_a_running_recording_alone(talking: Conversation) -> None:
    began_s = time.monotonic()
    segment = await talking.begin()
    await talking.talk(1)
    assert (await talking.service.audit_orphans(grace_s=0)).still_recording == [segment.id]
    await talking.talk(1)
    await talking.ami.stop_mix_monitor(talking.channel_id)
    sealed = await talking.service.seal(segment.id)
    assert sealed is not None
    assert sealed.status is RecordingStatus.SEALED, sealed.note
    assert as_long_as(sealed, 2, began_s)


async def test_recording_of_a_killed_asterisk_has_its_beginning(
    talking: Conversation, exchange: Asterisk, recordings_root: Path
) -> None:
    """Seal a file with an unfinished header (F28).

    The last seconds never left Asterisk's buffer.
    """
    segment = await talking.begin()
    await talking.talk(6)
    exchange.kill()
    assert (await talking.service.audit_orphans(grace_s=0)).partial == [segment.id]
    healed = await talking.service.get(segment.id)
    assert "not closed" in healed.note
    assert healed.duration_ms is not None
    assert 3000 < healed.duration_ms <= 6200
    left, right = read_wav(await talking.service.access.open_file(segment.id, QUALITY)).T
    assert tone_share(left[8000:16000], CALLER_HERTZ) > 0.95
    assert tone_share(right[8000:16000], AGENT_HERTZ) > 0.95
    assert list((recordings_root / "spool").iterdir()) == []


async def test_the_call_goes_on_when_the_disk_fills_up(
    exchange: Asterisk, service: RecordingService, recordings_root: Path
) -> None:
    """Fill a small disk under the spool (F27).

    What fitted is marked and stays; the next segment records again.
    """
    async with asyncio.timeout(60), conversation(exchange, service) as talking:
        with small_disk(recordings_root / "spool", "200k"):
            segment = await talking.begin()
            started_at = utc_now()
            await talking.talk(10)
            await talking.agent.hears_silence()
            said = asyncio.create_task(talking.caller.play_tone(CALLER_HERTZ, 2))
            await talking.agent.hears_tone(CALLER_HERTZ)
            await said
            await talking.ami.stop_mix_monitor(talking.channel_id)
            sealed = await service.seal(segment.id, started_at=started_at)
            assert sealed is not None
            assert sealed.status is RecordingStatus.PARTIAL
            assert "shorter than the conversation" in sealed.note
            assert (await talking.recorded()).status is RecordingStatus.SEALED


async def test_a_spoken_suggestion_is_sealed_as_one_channel(exchange: Asterisk, service: RecordingService) -> None:
    async with (
        asyncio.timeout(60),
        connected(exchange) as connection,
        caller_and_leg(connection) as (caller_id, leg_id),
    ):
        segment = await service.begin("call-1", RecordingKind.SUGGESTION)
        started_at = utc_now()
        with connection.dispatcher.expect(RecordingFinished, segment.ari_name) as finished:
            await connection.ari.record_channel(caller_id, name=segment.ari_name, max_duration_s=2)
            await connection.ari.play(leg_id, ["tone:1300"], playback_id=new_id("play"))
            await finished
        sealed = await service.seal(segment.id, started_at=started_at)
    assert sealed is not None
    assert (sealed.status, sealed.channels) == (RecordingStatus.SEALED, 1), sealed.note
    # Asterisk counts the maximum in whole seconds, and lets the last one pass.
    assert sealed.duration_ms is not None
    assert 2000 <= sealed.duration_ms <= 3000
    (heard,) = read_wav(await service.access.open_file(sealed.id, QUALITY)).T
    assert tone_share(heard[8000:], AGENT_HERTZ) > 0.95
