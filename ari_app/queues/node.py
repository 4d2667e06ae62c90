"""One node's part in the queues: steps, offers, deadlines."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TypeVar

import msgspec
import structlog
from redis.asyncio import Redis

from ari_app.queues.channels import AgentMessage, QueueMessage, Subscription
from ari_app.queues.errors import QueuesUnavailable
from ari_app.queues.model import AgentSnapshot, Offer, QueueChanged
from ari_app.queues.settings import QueueSettings
from ari_app.queues.store import QueueCommand, QueueStore, ScriptReply
from foundation.signals import Signal
from foundation.tasks import keep_running

log = structlog.get_logger()

Result = TypeVar("Result")
News = TypeVar("News")

BACKSTOP_S = 5.0
"""Longest time without a sweep, which finds what a lost message would have reported."""
LOOK_AGAIN_S = 0.05
SWEEP_AGAIN_S = 1.0
START_S = 10.0
OFFERS_REMEMBERED = 4096

_SWEEP = QueueCommand[int]("sweep", int)
_SETTINGS_CHANGED = QueueCommand[bool]("settings_changed", bool)


class QueueNode:
    """Runs the steps of one node and receives its offers.

    Args:
        redis: the queues' Redis.
        queues: their settings by name; `change_settings` changes them in place, for all who hold them.
        node: the name of this node.
        deadline_s: the time limit of every step.
        now_ms: replaces Redis's clock, in tests.
    """

    def __init__(
        self,
        redis: Redis,
        queues: dict[str, QueueSettings],
        node: str,
        *,
        deadline_s: float = 1.0,
        now_ms: Callable[[], int] | None = None,
    ) -> None:
        self.queues = queues
        self.node = node
        self._redis = redis
        self._store = QueueStore(redis, queues, node, deadline_s=deadline_s, now_ms=now_ms)
        self.step_unanswered = Signal[[]]()
        """Redis did not respond to a step: it is unknown whether the step was carried out."""
        self._on_offer: Callable[[Offer], None] | None = None
        self._offered: OrderedDict[str, None] = OrderedDict()
        self._agent_listeners: list[Callable[[AgentSnapshot], None]] = []
        self._queue_listeners: list[Callable[[QueueChanged], None]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._wake_at = 0.0
        self._earlier = asyncio.Event()

    async def start(self, on_offer: Callable[[Offer], None]) -> None:
        """Listen for this node's offers; open ones are handed over at once.

        `on_offer` gets every offer for a call of this node, once per process. It must return at once: the step that
        made the offer calls it.

        Raises:
            QueuesUnavailable: Redis was not there within ten seconds.
        """
        self._on_offer = on_offer
        listening = asyncio.Event()

        def subscribed() -> None:
            listening.set()
            self._sweep_within(0)

        subscription = Subscription(
            self._redis,
            self.node,
            on_offer=self._hand_over,
            on_agent=self._agent_changed,
            on_queue=self._queue_changed,
            on_subscribed=subscribed,
        )
        self._tasks = [
            asyncio.create_task(keep_running(name, work), name=name)
            for name, work in (("queues-subscription", subscription.run), ("queues-deadlines", self._keep_deadlines))
        ]
        try:
            async with asyncio.timeout(START_S):
                await listening.wait()
                await self._first_sweep()
        except TimeoutError as error:
            await self.aclose()
            raise QueuesUnavailable("Redis cannot be reached") from error
        except BaseException:
            await self.aclose()
            raise

    async def _first_sweep(self) -> None:
        while True:
            try:
                await self.sweep()
                # Callers of another release, or of other settings, get the places that these ones give.
                await self._run(_SETTINGS_CHANGED, "[]")
            except QueuesUnavailable:
                # Redis accepts connections before it has read its data.
                await asyncio.sleep(LOOK_AGAIN_S)
            else:
                return

    async def aclose(self) -> None:
        """Stop listening. Calls and agents stay as they are."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def watch_agents(self, listener: Callable[[AgentSnapshot], None]) -> Callable[[], None]:
        """Notify a listener of every agent's changes on all nodes.

        Call the result to stop.
        """
        return _listen(self._agent_listeners, listener)

    def watch_queues(self, listener: Callable[[QueueChanged], None]) -> Callable[[], None]:
        """Notify a listener of every queue's changes on all nodes.

        Call the result to stop.
        """
        return _listen(self._queue_listeners, listener)

    async def change_settings(self, queues: Mapping[str, QueueSettings]) -> None:
        """Take other settings over; callers in line keep their place in time.

        Raises:
            QueuesUnavailable: Redis did not answer; the settings hold, and it may be repeated.
        """
        before = list(self.queues)
        self.take_settings(queues)
        await self._run(_SETTINGS_CHANGED, msgspec.json.encode(before).decode())

    def take_settings(self, queues: Mapping[str, QueueSettings]) -> None:
        """Use other settings from the next step on."""
        self.queues.clear()
        self.queues.update(queues)
        self._store.use(self.queues)

    async def sweep(self) -> int:
        """End expired reservations, wrap-ups and back-offs; return how many.

        Offers with a lost message are handed over too. The service sweeps by itself at the next deadline.
        """
        return await self._run(_SWEEP)

    async def _run(self, command: QueueCommand[Result], *arguments: str | int) -> Result:
        try:
            reply = await self._store.run(command, *arguments)
        except BaseException as error:
            # Cut off by the deadline or a hang-up, the step may still be carried out and make offers: look again.
            self._sweep_within(LOOK_AGAIN_S if command is not _SWEEP else SWEEP_AGAIN_S)
            if isinstance(error, QueuesUnavailable):
                self.step_unanswered.announce()
            raise
        self._take(reply)
        return reply.result

    def _take(self, reply: ScriptReply[Result]) -> None:
        self._note_deadline(reply.now_ms, reply.wake_ms)
        for offer in reply.offers:
            self._hand_over(offer)

    def _hand_over(self, offer: Offer) -> None:
        if self._on_offer is None or offer.id in self._offered:
            return
        self._offered[offer.id] = None
        if len(self._offered) > OFFERS_REMEMBERED:
            self._offered.popitem(last=False)
        try:
            self._on_offer(offer)
        except Exception:  # the step was carried out, and its caller must get the result
            log.exception("offer_not_handed_over", reservation_id=offer.reservation_id)

    def _agent_changed(self, message: AgentMessage) -> None:
        self._note_deadline(message.now_ms, message.wake_ms)
        _notify_all(self._agent_listeners, message.agent)

    def _queue_changed(self, message: QueueMessage) -> None:
        self._note_deadline(message.now_ms, message.wake_ms)
        _notify_all(self._queue_listeners, message.queue)

    def _note_deadline(self, now_ms: int, wake_ms: int | None) -> None:
        if wake_ms is not None:
            # A millisecond more: Redis cuts its time off to milliseconds.
            self._sweep_within(max(0, wake_ms - now_ms) / 1000 + 0.001)

    def _sweep_within(self, seconds: float) -> None:
        at = asyncio.get_running_loop().time() + seconds
        if at < self._wake_at:
            self._wake_at = at
            self._earlier.set()

    async def _keep_deadlines(self) -> None:
        loop = asyncio.get_running_loop()
        self._wake_at = loop.time() + BACKSTOP_S
        while True:
            self._earlier.clear()
            try:
                async with asyncio.timeout_at(self._wake_at):
                    await self._earlier.wait()
            except TimeoutError:
                self._wake_at = loop.time() + BACKSTOP_S
                with suppress(QueuesUnavailable):
                    await self.sweep()


def _listen(listeners: list[Callable[[News], None]], listener: Callable[[News], None]) -> Callable[[], None]:
    listeners.append(listener)

    def stop() -> None:
        with suppress(ValueError):
            listeners.remove(listener)

    return stop


def _notify_all(listeners: list[Callable[[News], None]], news: News) -> None:
    for listener in tuple(listeners):
        try:
            listener(news)
        except Exception:  # one failing listener must not stop the others
            log.exception("queue_listener_failed")
