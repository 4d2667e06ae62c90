"""Keeps the fallback ready while the service lives, and takes in what it did when the service was away."""

import asyncio
import time
from datetime import timedelta

import structlog

from ari_app.ari.ami import AmiClient
from ari_app.ari.client import AriClient
from ari_app.ari.errors import AriError
from ari_app.calls.agent_directory import Agents
from ari_app.calls.model import CallOutcome, Direction
from ari_app.fallback.model import ALIVE, BEAT_S, FAMILY, QUEUE, FallbackCall, parse
from crm.customers.phone import normalise
from crm.customers.service import CustomerService
from crm.history.model import CallRecordView
from crm.history.service import HistoryService
from crm.tickets.model import SYSTEM, FileTicket, Reporter, TicketKind
from crm.tickets.service import TicketService
from foundation.clock import utc_now
from foundation.database import out_of_reach
from recordings.errors import RecordingNotFound
from recordings.model import PLAYABLE, RecordingKind, RecordingStatus
from recordings.service import RecordingService

LOOK_EVERY_S = 5.0
ABANDONED_AFTER = timedelta(hours=2)
"""A note without an end this old is of a call that died with Asterisk."""

log = structlog.get_logger()


class StillRecorded(Exception):
    """What somebody said is not a whole file yet."""


class Fallback:
    """Beats, so that the dialplan knows we are there; keeps its queue's members; takes in its calls, each once."""

    def __init__(
        self,
        ari: AriClient,
        ami: AmiClient,
        agents: Agents,
        customers: CustomerService,
        history: HistoryService,
        tickets: TicketService,
        recordings: RecordingService,
        region: str,
    ) -> None:
        self._ari = ari
        self._ami = ami
        self._agents = agents
        self._customers = customers
        self._history = history
        self._tickets = tickets
        self._recordings = recordings
        self._region = region
        self.reconciled = asyncio.Event()
        """Our own calls that went on in the fallback are known; from then on what it noted may be taken in."""

    async def beat(self) -> None:
        """Say that we are there, until cancelled."""
        while True:
            try:
                await self._beat()
            except AriError as error:
                log.warning("beat_not_heard", error=str(error))
            await asyncio.sleep(BEAT_S)

    async def _beat(self) -> None:
        await self._ari.set_global_variable(ALIVE, str(int(time.time())))

    async def prepare(self) -> None:
        """Say that we are there, and make the agents' phones members of the fallback's queue; after every connection.

        An Asterisk that started again has heard of nobody: until it does, it leads everybody who calls to the fallback.
        """
        await self._beat()
        for account in self._agents.accounts():
            await self.include(account.user)

    async def include(self, user: str) -> None:
        """Ring a phone, too, when we are away."""
        await self._ami.add_queue_member(QUEUE, f"PJSIP/{user}")

    async def exclude(self, user: str) -> None:
        """Ring a phone no more."""
        await self._ami.remove_queue_member(QUEUE, f"PJSIP/{user}")

    async def take_in(self) -> None:
        """Make records and tickets of the fallback's calls as they end, until cancelled."""
        while True:
            await self.reconciled.wait()
            try:
                await self.take_in_ended()
            except AriError as error:
                log.warning("fallback_not_read", error=str(error))
            except Exception as error:
                if not out_of_reach(error):
                    raise
                log.warning("fallback_not_stored", error=type(error).__name__)
            await asyncio.sleep(LOOK_EVERY_S)

    async def channels(self) -> frozenset[str]:
        """The callers' channels that the fallback took and that were not taken in yet.

        Raises:
            AriError: Asterisk cannot be asked.
        """
        notes = await self._ami.database_entries(FAMILY)
        calls = [parse(call_id, note) for call_id, note in notes.items()]
        return frozenset(call.channel_id for call in calls if call is not None)

    async def take_in_ended(self) -> int:
        """One look at Asterisk's notes; how many calls were taken in. Safe to repeat: nothing is made twice."""
        taken = 0
        for call_id, note in (await self._ami.database_entries(FAMILY)).items():
            call = parse(call_id, note)
            if call is None:
                log.error("fallback_note_unreadable", note=call_id[:64])
                continue
            if call.ended_at is None and utc_now() - call.started_at < ABANDONED_AFTER:
                continue
            if await self._taken_in(call):
                await self._ami.delete_database_entry(FAMILY, call_id)
                taken += 1
        return taken

    async def _taken_in(self, call: FallbackCall) -> bool:
        """Whether it was; what stands in one call's way does not stand in that of the others."""
        try:
            await self._take_in(call)
        except StillRecorded:
            return False
        except AriError:
            raise
        except Exception as error:
            if out_of_reach(error):
                raise
            log.exception("fallback_call_not_taken_in", call_id=call.id)
            return False
        return True

    async def _take_in(self, call: FallbackCall) -> None:
        number = normalise(call.number, self._region)
        identification = await self._customers.identify(number)
        customer_id = identification.customer.id if identification.customer is not None else None
        talk = await self._recording(call, call.talk_segment, RecordingKind.CONVERSATION, customer_id)
        message = await self._recording(call, call.message_segment, RecordingKind.MESSAGE, customer_id)
        await self._history.record_call(_record(call, number, customer_id, self._agent_id(call), message=bool(message)))
        if call.endpoint is not None or message is not None:
            reporter = Reporter(customer_id=customer_id, number=number)
            given = FileTicket(kind=TicketKind.CONSULTATION, reporter=reporter, call_id=call.id, **_words(call))
            filed = await self._tickets.file(given, SYSTEM, f"fallback:{call.id}")
            for recording_id in filter(None, (talk, message)):
                await self._tickets.attach(filed.id, recording_id, "fallback")
        log.info("fallback_call_taken_in", call_id=call.id, answered=call.endpoint is not None, message=bool(message))

    async def _recording(
        self, call: FallbackCall, segment_id: str, kind: RecordingKind, customer_id: str | None
    ) -> str | None:
        """The entry of what the dialplan recorded; None where there is nothing to hear.

        Raises:
            StillRecorded: Asterisk has not closed the file yet.
        """
        if not segment_id:
            return None
        if await self._recordings.has_audio(segment_id):
            await self._recordings.begin(
                call.id, kind, customer_id=customer_id, agent_id=self._agent_id(call), segment_id=segment_id
            )
            await self._recordings.seal(segment_id)
        try:
            found = await self._recordings.get(segment_id)
        except RecordingNotFound:
            return None
        if found.status is RecordingStatus.RECORDING:
            raise StillRecorded
        return segment_id if found.status in PLAYABLE else None

    def _agent_id(self, call: FallbackCall) -> str | None:
        return self._agents.of_endpoint(call.endpoint) if call.endpoint is not None else None


def _words(call: FallbackCall) -> dict[str, str]:
    if call.endpoint is not None:
        return {
            "subject": "系统维护期间来电（值班人员已接听）",
            "description": "由备用线路接听，内容见录音，请补录工单信息",
        }
    return {"subject": "系统维护期间来电（留言）", "description": "来电人已留言，见录音，请回电"}


def _record(
    call: FallbackCall, number: str | None, customer_id: str | None, agent_id: str | None, *, message: bool
) -> CallRecordView:
    ended_at = call.ended_at or call.started_at
    waited = timedelta(seconds=call.waited_s or 0)
    answered = call.endpoint is not None
    outcome = CallOutcome.ANSWERED if answered else CallOutcome.FALLBACK if message else CallOutcome.ABANDONED
    connected_at = min(call.started_at + waited, ended_at) if answered else None
    wait_until = connected_at or ended_at
    return CallRecordView(
        id=call.id,
        direction=Direction.INBOUND.value,
        number=number,
        access_number=call.access_number,
        customer_id=customer_id,
        agent_id=agent_id,
        queue=QUEUE,
        ticket_id=None,
        started_at=call.started_at,
        answered_at=call.started_at,
        queued_at=call.started_at,
        connected_at=connected_at,
        ended_at=ended_at,
        outcome=outcome.value,
        abandon_position=None,
        wait_ms=int((wait_until - call.started_at).total_seconds() * 1000),
        talk_ms=int((ended_at - connected_at).total_seconds() * 1000) if connected_at is not None else None,
        hangup_by="",
        keys=[],
    )
