"""Delivery of notices, each channel by itself: none delays another (F32)."""

import asyncio
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from crm.notices import metrics, store
from crm.notices.breaker import Breaker
from crm.notices.channels import Letter, LetterFile, Sender, safe_error
from crm.notices.errors import Undeliverable
from crm.notices.model import DeliveryState, NoticeChannel, NoticeDelivery, NoticeRecipient
from crm.outbox.worker import DeliveryRules, Outcome, Worker
from foundation.clock import utc_now
from foundation.database import Database

RULES = DeliveryRules(parallel=8, timeout_s=20.0, lease_s=45.0, attempts=16, first_retry_s=5.0, longest_retry_s=3600.0)
"""Attempts over about six hours."""

log = structlog.get_logger()


class ChannelQueue:
    """Due notices of one channel, in order about a ticket.

    At most one at a time goes to an addressee.
    """

    def __init__(
        self, database: Database, channel: NoticeChannel, sender: Sender | None, rules: DeliveryRules, breaker: Breaker
    ) -> None:
        self._database = database
        self._channel = channel
        self._sender = sender
        self._rules = rules
        self._breaker = breaker
        self._busy: Counter[str] = Counter()

    async def lease(self, now: datetime, until: datetime, limit: int) -> Sequence[NoticeDelivery]:
        """Lease due notices, except to busy addressees and open circuits."""
        limit = self._breaker.room(self._channel, limit)
        if limit == 0:
            return []
        async with self._database.write() as session:
            leased = await store.lease(session, self._channel, now, until, limit, self._left_out())
        for delivery in leased:
            self._busy[delivery.addressee] += 1
            self._breaker.begun(self._circuit(delivery))
        return leased

    async def next_due(self) -> datetime | None:
        """Return when the next notice or the next trial is due."""
        async with self._database.read() as session:
            due = await store.next_due(session, self._channel, self._left_out())
        opens_in_s = self._breaker.opens_in_s()
        if opens_in_s is None:
            return due
        opens = utc_now() + timedelta(seconds=opens_in_s)
        shut = self._breaker.room(self._channel, 1) == 0
        return opens if due is None or shut else min(due, opens)

    async def attempt(self, entry: NoticeDelivery) -> Outcome:
        """Send a notice and return the outcome."""
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self._rules.timeout_s):
                await self._send(entry)
        except Exception as error:  # noqa: BLE001 - stored with the delivery, where people see it
            return self._failed(entry, error)
        finally:
            metrics.SECONDS.labels(self._channel.value).observe(time.perf_counter() - started)
        self._breaker.succeeded(self._circuit(entry))
        metrics.ATTEMPTS.labels(self._channel.value, "sent").inc()
        return {"next_at": None, "state": DeliveryState.SENT, "sent_at": utc_now(), "error": None}

    async def finish(self, entry: NoticeDelivery, outcome: Outcome) -> None:
        """Store the outcome of an attempt."""
        try:
            async with self._database.write() as session:
                await store.finish(session, entry, **outcome)
        finally:
            self._breaker.left_undecided(self._circuit(entry))
            self._busy[entry.addressee] -= 1
            self._busy += Counter()

    async def _send(self, entry: NoticeDelivery) -> None:
        address, secret = await self._address(entry)
        if self._sender is None:
            raise Undeliverable(f"no gateway for {self._channel} is set up")
        letter = Letter(
            event_id=entry.event_id,
            kind=entry.kind,
            happened_at=entry.happened_at,
            address=address,
            secret=secret,
            data=entry.data,
            files=await self._files(entry) if self._channel is NoticeChannel.EMAIL else (),
            **(entry.whole or {"subject": entry.subject, "text": entry.text}),
        )
        await self._sender.send(letter)

    async def _address(self, entry: NoticeDelivery) -> tuple[str, str | None]:
        """Return the address of a notice, and the secret to sign it."""
        if entry.recipient_id is None:
            if entry.channel is NoticeChannel.EMAIL:
                return entry.addressee, None
            if entry.number is None:
                raise Undeliverable("the number was erased")
            return entry.number, None
        async with self._database.read() as session:
            recipient = await session.get_one(NoticeRecipient, entry.recipient_id)
        if not recipient.active:
            raise Undeliverable("the recipient was switched off")
        return recipient.address, recipient.secret

    async def _files(self, entry: NoticeDelivery) -> list[LetterFile]:
        async with self._database.read() as session:
            found = await store.files(session, entry.key)
        return [LetterFile(one.name, one.media_type, one.content) for one in found]

    def _failed(self, entry: NoticeDelivery, error: Exception) -> Outcome:
        hopeless = isinstance(error, Undeliverable)
        if not hopeless:
            self._breaker.failed(self._circuit(entry))
        dead = hopeless or entry.attempts >= self._rules.attempts
        said = safe_error(error)
        if entry.recipient_id is None and self._sender is None:
            # An SMS to reporters is optional: a gateway that the operator did not set up is no fault to act on.
            return {"next_at": None, "state": DeliveryState.NOT_SENT, "error": said}
        metrics.ATTEMPTS.labels(self._channel.value, "dead" if dead else "failed").inc()
        log.warning(
            "notice_given_up" if dead else "notice_failed",
            delivery_id=entry.id,
            channel=self._channel,
            kind=entry.kind,
            attempts=entry.attempts,
            error=said,
        )
        return {
            "next_at": None if dead else self._rules.retry_at(entry.attempts),
            "state": DeliveryState.DEAD if dead else DeliveryState.FAILED,
            "error": said,
        }

    def _left_out(self) -> list[str]:
        return [*self._busy, *self._breaker.closed_to()]

    def _circuit(self, entry: NoticeDelivery) -> str:
        """Return the circuit: a gateway, or one recipient."""
        shared = self._sender is not None and self._sender.shared
        return self._channel if shared else entry.addressee


class Deliverer:
    """Workers of all channels.

    A channel without a sender gives up at once, with the reason.
    """

    def __init__(
        self, database: Database, senders: Mapping[NoticeChannel, Sender], rules: DeliveryRules = RULES
    ) -> None:
        self._workers = {
            channel: Worker(
                f"notices-{channel}", ChannelQueue(database, channel, senders.get(channel), rules, Breaker()), rules
            )
            for channel in NoticeChannel
        }

    def wake(self, channels: Collection[NoticeChannel]) -> None:
        """Look for due notices on these channels."""
        for channel in channels:
            self._workers[channel].wake()

    async def run(self) -> None:
        """Send until cancelled."""
        async with asyncio.TaskGroup() as channels:
            for worker in self._workers.values():
                channels.create_task(worker.run())
