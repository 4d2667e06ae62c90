"""Service of the fallback: keeps it ready and takes in its calls."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta

import structlog
from redis.exceptions import RedisError

from ari_app.ari.ami import AmiClient
from ari_app.ari.client import AriClient
from ari_app.ari.errors import AriError, AriNoResponse
from ari_app.calls.agent_directory import Agents
from ari_app.calls.store import CallStore
from ari_app.fallback.model import ALIVE, BEAT_S, CONTACT_FAMILY, FAMILY, QUEUE, FallbackCall, parse
from ari_app.fallback.record import continued, fallback_record
from crm.customers.phone import caller_number
from crm.customers.service import CustomerService
from crm.history.errors import CallNotFound
from crm.history.model import CallRecordView
from crm.history.service import HistoryService
from crm.kinds import TicketKind
from crm.tickets.inputs import FileTicket, Reporter
from crm.tickets.model import SYSTEM
from crm.tickets.service import TicketService
from foundation.clock import utc_now
from foundation.database import out_of_reach
from recordings.errors import RecordingNotFound
from recordings.model import PLAYABLE, RecordingKind, RecordingStatus
from recordings.service import RecordingService

LOOK_EVERY_S = 5.0
ABANDONED_AFTER = timedelta(hours=2)
"""A note without an end that is older than this belongs to a call that ended with Asterisk."""

log = structlog.get_logger()


async def noted_channels(ami: AmiClient) -> frozenset[str]:
    """Return the channels that the fallback noted.

    Those of callers, and of customers whom the service was calling.

    Raises:
        AriError: Asterisk cannot be asked.
    """
    notes = await ami.database_entries(FAMILY)
    calls = [parse(call_id, note) for call_id, note in notes.items()]
    contacts = await ami.database_entries(CONTACT_FAMILY)
    return frozenset(call.channel_id for call in calls if call is not None) | contacts.keys()


class NotYet(Exception):
    """A call that cannot be taken in yet.

    Its recording or the service's record is not complete.
    """


class Fallback:
    """Service side of the fallback.

    Its beat shows the dialplan that the service is there. It adds phones to the fallback's queue, and takes each of
    the fallback's calls in once.
    """

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
        store: CallStore,
        is_live: Callable[[str], bool],
    ) -> None:
        """`is_live` tells whether a call of the service still has a channel."""
        self._ari = ari
        self._ami = ami
        self._agents = agents
        self._customers = customers
        self._history = history
        self._tickets = tickets
        self._recordings = recordings
        self._region = region
        self._store = store
        self._is_live = is_live
        self._failed: set[str] = set()
        """Calls that could not be taken in, and were logged."""
        self.reconciled = asyncio.Event()
        """The service knows its calls that went on in the fallback: notes may be taken in."""

    async def beat(self) -> None:
        """Send beats until cancelled."""
        while True:
            try:
                await self._beat()
            except AriError as error:
                log.warning("beat_not_heard", error=str(error))
            await asyncio.sleep(BEAT_S)

    async def _beat(self) -> None:
        await self._ari.set_global_variable(ALIVE, str(int(time.time())))

    async def prepare(self) -> None:
        """Send a beat and add the agents' phones to the fallback's queue.

        After every connection: an Asterisk that started again knows neither, and leads every caller to the fallback.
        """
        await self._beat()
        failed: list[Exception] = []
        for user in self._agents.rung():
            try:
                await self.include(user)
            except AriNoResponse:
                raise
            except AriError as error:
                failed.append(error)
        if failed:
            raise ExceptionGroup("phones that the fallback's queue did not take", failed)

    async def include(self, user: str) -> None:
        """Add a phone to the fallback's queue."""
        await self._ami.add_queue_member(QUEUE, f"PJSIP/{user}")

    async def exclude(self, user: str) -> None:
        """Remove a phone from the fallback's queue."""
        await self._ami.remove_queue_member(QUEUE, f"PJSIP/{user}")

    async def take_in(self) -> None:
        """Take in the fallback's calls as they end, until cancelled."""
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
        """Return the channels that the fallback noted; see `noted_channels`."""
        return await noted_channels(self._ami)

    async def take_in_ended(self) -> int:
        """Take in the calls that ended; return how many.

        Idempotent: no record or ticket is made twice.
        """
        taken = 0
        for call_id, note in (await self._ami.database_entries(FAMILY)).items():
            call = parse(call_id, note)
            if call is None:
                log.error("fallback_note_unreadable", note=call_id[:64])
                continue
            if call.ended_at is None and utc_now() - call.started_at < ABANDONED_AFTER:
                continue
            if self._is_live(call.channel_id):
                continue  # the service's call is not over yet: its record comes first
            if await self._taken_in(call):
                await self._ami.delete_database_entry(FAMILY, call_id)
                taken += 1
        await self._forget_contacts()
        return taken

    async def _forget_contacts(self) -> None:
        """Delete old notes of customers who heard the apology."""
        for channel_id, since in (await self._ami.database_entries(CONTACT_FAMILY)).items():
            if not since.isdecimal() or utc_now().timestamp() - int(since) > ABANDONED_AFTER.total_seconds():
                await self._ami.delete_database_entry(CONTACT_FAMILY, channel_id)

    async def _taken_in(self, call: FallbackCall) -> bool:
        """Take one call in; tell whether that succeeded.

        A failure does not stop the others.
        """
        try:
            await self._take_in(call)
        except NotYet:
            return False
        except AriError:
            raise
        except Exception as error:
            if out_of_reach(error):
                raise
            if call.id not in self._failed:
                # Logged once, although every attempt fails again.
                log.exception("fallback_call_not_taken_in", call_id=call.id)
                self._failed.add(call.id)
            return False
        self._failed.discard(call.id)
        return True

    async def _take_in(self, call: FallbackCall) -> None:
        number = caller_number(call.number, self._region)
        identification = await self._customers.identify(number)
        customer_id = identification.customer.id if identification.customer is not None else None
        before = await self._record_before(call)
        call_id = before.id if before is not None else call.id
        talk = await self._recording(call, call_id, call.talk_segment, RecordingKind.CONVERSATION, customer_id)
        message = await self._recording(call, call_id, call.message_segment, RecordingKind.MESSAGE, customer_id)
        record = fallback_record(call, number, customer_id, self._agent_id(call), message=bool(message))
        await self._history.record_call(record if before is None else continued(before, record))
        if call.endpoint is not None or message is not None:
            reporter = Reporter(customer_id=customer_id, number=number)
            words = _words(call)
            given = FileTicket(kind=TicketKind.CONSULTATION, reporter=reporter, call_id=call_id, **words)
            filed = await self._tickets.file(given, SYSTEM, f"fallback:{call.id}")
            for recording_id in filter(None, (talk, message)):
                await self._tickets.attach(filed.id, recording_id, words["subject"])
        log.info("fallback_call_taken_in", call_id=call.id, answered=call.endpoint is not None, message=bool(message))

    async def _record_before(self, call: FallbackCall) -> CallRecordView | None:
        """Return the service's record of a call.

        None where the service never had the call.

        Raises:
            NotYet: the service had the call, and its record is not stored yet.
        """
        try:
            call_id = await self._store.call_led_away(call.channel_id)
        except RedisError as error:
            raise NotYet from error
        if call_id is None:
            return None
        try:
            return await self._history.get(call_id)
        except CallNotFound as error:
            if utc_now() - (call.ended_at or call.started_at) < ABANDONED_AFTER:
                raise NotYet from error
            return None

    async def _recording(
        self, call: FallbackCall, call_id: str, segment_id: str, kind: RecordingKind, customer_id: str | None
    ) -> str | None:
        """Return the entry of a recorded file.

        None where there is no audio.

        Raises:
            NotYet: Asterisk has not closed the file yet.
        """
        if not segment_id:
            return None
        if await self._recordings.has_audio(segment_id):
            await self._recordings.begin(
                call_id, kind, customer_id=customer_id, agent_id=self._agent_id(call), segment_id=segment_id
            )
            await self._recordings.seal(segment_id)
        try:
            found = await self._recordings.get(segment_id)
        except RecordingNotFound:
            return None
        if found.status is RecordingStatus.RECORDING:
            raise NotYet
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
