"""Several nodes on one Redis that loses data, hangs or goes away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ari_app.queues.channels import Subscription
from ari_app.queues.errors import QueuesUnavailable
from ari_app.queues.model import AgentSnapshot, AgentState, DeclineReason, LeaveReason, Offer, QueueChanged
from ari_app.queues.service import QueueService
from ari_app.queues.settings import QueueSettings
from dev.ports import free_port
from dev.redis import Redis as RedisServer
from foundation.redis_client import redis_client

PATIENCE_S = 20.0


class Node:
    """A started service with an inbox of its offers."""

    def __init__(self, service: QueueService) -> None:
        self.service = service
        self.inbox: asyncio.Queue[Offer] = asyncio.Queue()

    async def offer(self) -> Offer:
        return await asyncio.wait_for(self.inbox.get(), PATIENCE_S)


Start = Callable[[str], Awaitable[Node]]


@asynccontextmanager
async def started(url: str, queues: dict[str, QueueSettings], name: str, deadline_s: float = 10) -> AsyncIterator[Node]:
    client = redis_client(url)
    node = Node(QueueService(client, queues, name, deadline_s=deadline_s))
    try:
        await node.service.start(node.inbox.put_nowait)
        yield node
    finally:
        await node.service.aclose()
        await client.aclose()


async def test_an_offer_reaches_the_node_that_owns_the_call(redis_url: str, queues: dict[str, QueueSettings]) -> None:
    async with started(redis_url, queues, "one") as one, started(redis_url, queues, "two") as two:
        await one.service.enter("call-1", "repair")
        await two.service.sign_in("anna", ["repair"])
        await two.service.ready("anna")
        offer = await one.offer()
        assert (offer.call_id, offer.agent_id, offer.node) == ("call-1", "anna", "one")
        assert await one.service.connected(offer.reservation_id)
        await one.service.sweep()
        assert one.inbox.empty()
        assert two.inbox.empty()


async def test_f2_a_node_that_comes_back_is_given_its_open_offers_once(
    redis_url: str, queues: dict[str, QueueSettings]
) -> None:
    async with started(redis_url, queues, "two") as two:
        async with started(redis_url, queues, "one") as one:
            await one.service.enter("call-1", "repair")
        await two.service.sign_in("anna", ["repair"])
        await two.service.ready("anna")
        async with started(redis_url, queues, "one") as one:
            offer = await one.offer()
            assert (offer.call_id, offer.agent_id) == ("call-1", "anna")
            await one.service.sweep()
            assert one.inbox.empty()


async def test_another_node_takes_a_call_over_with_its_open_offer(
    redis_url: str, queues: dict[str, QueueSettings]
) -> None:
    async with started(redis_url, queues, "two") as two:
        async with started(redis_url, queues, "one") as one:
            await one.service.sign_in("anna", ["repair"])
            await one.service.ready("anna")
            await one.service.enter("call-1", "repair")
            first = await one.offer()
        entered = await two.service.enter("call-1", "repair")
        assert entered.offered
        offer = await two.offer()
        assert offer.reservation_id == first.reservation_id
        assert await two.service.connected(offer.reservation_id)


async def test_every_node_is_notified_of_agents_and_queues(redis_url: str, queues: dict[str, QueueSettings]) -> None:
    async with started(redis_url, queues, "one") as one, started(redis_url, queues, "two") as two:
        agents: asyncio.Queue[AgentSnapshot] = asyncio.Queue()
        lines: asyncio.Queue[QueueChanged] = asyncio.Queue()

        def broken(_agent: AgentSnapshot) -> None:
            raise RuntimeError("must not deafen the others")

        two.service.watch_agents(broken)
        stop = two.service.watch_agents(agents.put_nowait)
        two.service.watch_queues(lines.put_nowait)
        await one.service.sign_in("anna", ["repair"])
        heard = await asyncio.wait_for(agents.get(), PATIENCE_S)
        assert (heard.agent_id, heard.state, heard.queues) == ("anna", AgentState.NOT_READY, ("repair",))
        stop()
        await one.service.enter("call-1", "repair")
        assert await asyncio.wait_for(lines.get(), PATIENCE_S) == QueueChanged("repair", 1)
        await one.service.leave("call-1", LeaveReason.CALLER_HUNG_UP)
        assert await asyncio.wait_for(lines.get(), PATIENCE_S) == QueueChanged("repair", 0)
        await one.service.sign_out("anna")
        await two.service.sweep()
        assert agents.empty()


async def test_deadline_causes_a_sweep_by_itself(redis_url: str, queues: dict[str, QueueSettings]) -> None:
    short = {"repair": queues["repair"].model_copy(update={"wrap_up_s": 0.05})}
    async with started(redis_url, short, "one") as one, started(redis_url, short, "two") as two:
        await one.service.sign_in("anna", ["repair"])
        await one.service.ready("anna")
        await two.service.enter("call-1", "repair")
        offer = await two.offer()
        await two.service.connected(offer.reservation_id)
        await two.service.enter("call-2", "repair")
        started_at = asyncio.get_running_loop().time()
        await two.service.finished("anna", "call-1")
        following = await two.offer()
        assert (following.call_id, following.agent_id) == ("call-2", "anna")
        # Well before the backstop: the deadline itself caused the sweep.
        assert asyncio.get_running_loop().time() - started_at < 3


async def test_f22_forgotten_code_is_loaded_again_unseen(redis_url: str, queues: dict[str, QueueSettings]) -> None:
    async with started(redis_url, queues, "one") as one, redis_client(redis_url) as admin:
        await one.service.sign_in("anna", ["repair"])
        await admin.function_flush()
        await one.service.ready("anna")
        await admin.function_flush()
        await one.service.enter("call-1", "repair")
        offer = await one.offer()
        await admin.function_flush()
        assert await one.service.connected(offer.reservation_id)


async def test_f20_a_redis_that_hangs_is_given_up_at_the_deadline(
    redis_url: str, queues: dict[str, QueueSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(redis_url, queues, "one") as one, redis_client(redis_url) as admin:
        await one.service.sign_in("anna", ["repair"])
        await admin.client_pause(1500)
        with monkeypatch.context() as soon:
            soon.setattr(one.service._store, "_deadline_s", 0.2)
            with pytest.raises(QueuesUnavailable):
                await one.service.enter("call-1", "repair")
        await admin.client_unpause()
        # The connection that was given up must not answer the next question with the last one's answer.
        assert (await one.service.agent("anna")).reason == "signed_in"
        entered = await one.service.enter("call-1", "repair")
        assert entered.position == 1


async def test_offers_of_a_step_whose_answer_was_lost_are_found(
    redis_url: str, queues: dict[str, QueueSettings]
) -> None:
    async with started(redis_url, queues, "one") as one, redis_client(redis_url) as admin:
        await one.service.sign_in("anna", ["repair"])
        await one.service.ready("anna")
        # Deaf: the reply that carries the offer is never read.
        call = one.service._store._call

        async def deaf(function: str, *arguments: str | int) -> bytes:
            await call(function, *arguments)
            one.service._store._call = call  # type: ignore[method-assign]
            raise TimeoutError

        one.service._store._call = deaf  # type: ignore[method-assign]
        with pytest.raises(QueuesUnavailable):
            await one.service.enter("call-1", "repair")
        offer = await one.offer()
        assert (offer.call_id, offer.agent_id) == ("call-1", "anna")
        assert await admin.exists("hotline:acd:call:call-1")


async def test_a_step_that_is_cancelled_stays_cancelled_and_its_offers_are_found(
    redis_url: str, queues: dict[str, QueueSettings]
) -> None:
    async with started(redis_url, queues, "one") as one:
        await one.service.sign_in("anna", ["repair"])
        for number in range(100):
            await one.service.ready("anna")
            await one.service.enter(f"call-{number}", "repair")
            offer = await one.offer()
            await one.service.enter(f"call-{number}-next", "repair")
            # A hang-up at any moment of the step: before it is sent, on its way, or when the answer is there.
            step = asyncio.create_task(one.service.declined(offer.reservation_id, DeclineReason.CALLER_GONE))
            for _ in range(number % 10):
                await asyncio.sleep(0)
            cancelled = step.cancel()
            await asyncio.wait([step], timeout=PATIENCE_S)
            assert step.cancelled() == cancelled
            await one.service.declined(offer.reservation_id, DeclineReason.CALLER_GONE)
            following = await one.offer()
            assert following.call_id == f"call-{number}-next"
            for call_id in (offer.call_id, following.call_id):
                await one.service.leave(call_id, LeaveReason.CALLER_HUNG_UP)
            await one.service.declined(following.reservation_id, DeclineReason.CALLER_GONE)


async def test_a_redis_that_restarts_is_found_again(tmp_path: Path, queues: dict[str, QueueSettings]) -> None:
    server = RedisServer(free_port(), tmp_path, persistent=True)
    server.start()
    try:
        async with started(server.url, queues, "one", deadline_s=2) as one:
            await one.service.enter("call-1", "repair")
            server.stop()
            with pytest.raises(QueuesUnavailable):
                await one.service.position("call-1")
            server.start()
            async with redis_client(server.url) as other_client:
                other = QueueService(other_client, queues, "two", deadline_s=10)
                await other.sign_in("anna", ["repair"])
                await other.ready("anna")
            assert (await one.offer()).call_id == "call-1"
    finally:
        server.stop()


async def test_missing_redis_at_the_start_is_an_error_with_a_clear_text(queues: dict[str, QueueSettings]) -> None:
    async with redis_client(f"redis://127.0.0.1:{free_port()}/0") as client:
        service = QueueService(client, queues, "one")
        unanswered: list[None] = []
        service.step_unanswered.add_listener(lambda: unanswered.append(None))
        with pytest.raises(QueuesUnavailable):
            await service.enter("call-1", "repair")
        assert len(unanswered) == 1


async def test_f8_a_silent_connection_is_given_up(redis_url: str) -> None:
    async with redis_client(redis_url) as client, redis_client(redis_url) as admin:
        subscribed: asyncio.Queue[None] = asyncio.Queue()

        def ignore(_message: object) -> None:
            pass

        subscription = Subscription(
            client,
            "one",
            on_offer=ignore,
            on_agent=ignore,
            on_queue=ignore,
            on_subscribed=lambda: subscribed.put_nowait(None),
            silence_s=0.1,
        )
        task = asyncio.create_task(subscription.run())
        try:
            await asyncio.wait_for(subscribed.get(), PATIENCE_S)
            # A living connection would stay as it is until the pause is over, and after it.
            await admin.client_pause(1500)
            await asyncio.wait_for(subscribed.get(), PATIENCE_S)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
