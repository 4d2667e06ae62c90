"""Commands between nodes: a call obeys on its own node."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from typing import NoReturn

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from ari_app.calls.control.command_inbox import ANSWER_S
from ari_app.calls.control.errors import CallOutOfReach
from ari_app.calls.control.model import AnyCommand, CallCommand, SupervisorCommand
from foundation.ids import new_id
from foundation.problems import FieldProblem, Problem
from foundation.redis_channels import ChannelListener

CHANNEL = "hotline:call-commands:"
"""One channel for each node, with commands and with answers."""

log = structlog.get_logger()


class RelayedProblem(msgspec.Struct, frozen=True):
    """Refusal of another node."""

    status: int
    slug: str
    title: str
    detail: str
    fields: list[tuple[str, str]] = []


class FiledTicket(msgspec.Struct, frozen=True):
    """Ticket filed in a call."""

    call_id: str
    ticket_id: str


class Relayed(msgspec.Struct, frozen=True, omit_defaults=True):
    """Command for a node, its answer, or a ticket of its call."""

    id: str
    ticket: FiledTicket | None = None
    command: CallCommand | None = None
    supervision: SupervisorCommand | None = None
    reply_to: str = ""
    problem: RelayedProblem | None = None


class CommandRelay:
    """Sends commands to other nodes, and carries out theirs."""

    def __init__(
        self,
        redis: Redis,
        node: str,
        obey: Callable[[AnyCommand], Awaitable[None]],
        link_ticket: Callable[[str, str], Awaitable[None]],
    ) -> None:
        self._redis = redis
        self._obey = obey
        self._link_ticket = link_ticket
        self._own_channel = f"{CHANNEL}{node}"
        self._process = new_id("process")
        self._numbers = count(1)
        self._asked: dict[str, asyncio.Future[RelayedProblem | None]] = {}
        self._tasks: set[asyncio.Future[None]] = set()
        self._decoder = msgspec.json.Decoder(Relayed)
        self._listener = ChannelListener(
            redis,
            "call-commands",
            channels=lambda: [self._own_channel],
            on_message=lambda _, data: self._hear(self._decoder.decode(data)),
            on_subscribed=lambda _: None,
        )

    async def run(self) -> NoReturn:
        """Listen. Only cancellation ends it."""
        await self._listener.run()

    async def ask(self, node: str, command: AnyCommand) -> None:
        """Have another node carry a command out.

        Raises:
            Problem: it was refused there.
            CallOutOfReach: the node did not answer.
        """
        number = f"{self._process}:{next(self._numbers)}"
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(ANSWER_S + 1):
                await self._publish(CHANNEL + node, _relayed(number, command, self._own_channel))
                problem = await answer
        except (RedisError, OSError, TimeoutError):
            raise CallOutOfReach(f"node {node} did not answer") from None
        finally:
            del self._asked[number]
        if problem is not None:
            raise _raised(problem)

    async def tell_ticket(self, node: str, call_id: str, ticket_id: str) -> None:
        """Tell another node of a ticket filed in one of its calls."""
        try:
            await self._publish(CHANNEL + node, Relayed("", FiledTicket(call_id, ticket_id)))
        except (RedisError, OSError) as error:
            log.warning("ticket_not_shown", call_id=call_id, error=str(error))

    def _hear(self, message: Relayed) -> None:
        command = message.command or message.supervision
        if command is not None:
            carrying_out = self._carry_out(message.id, command, message.reply_to)
            self._own(asyncio.create_task(carrying_out, name=f"call-command:{command.call_id}"))
        elif (filed := message.ticket) is not None:
            self._own(asyncio.ensure_future(self._link_ticket(filed.call_id, filed.ticket_id)))
        elif (answer := self._asked.get(message.id)) is not None and not answer.done():
            answer.set_result(message.problem)

    def _own(self, task: "asyncio.Future[None]") -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry_out(self, number: str, command: AnyCommand, reply_to: str) -> None:
        problem = None
        try:
            await self._obey(command)
        except Problem as error:
            fields = [(one.field, one.rule) for one in error.errors]
            problem = RelayedProblem(error.status, error.slug, error.title, error.detail, fields)
        try:
            await self._publish(reply_to, Relayed(number, problem=problem))
        except (RedisError, OSError) as error:
            log.warning("command_not_answered", action=command.action.value, error=str(error))

    async def _publish(self, channel: str, message: Relayed) -> None:
        await self._redis.publish(channel, msgspec.json.encode(message))


def _relayed(number: str, command: AnyCommand, reply_to: str) -> Relayed:
    if isinstance(command, SupervisorCommand):
        return Relayed(number, supervision=command, reply_to=reply_to)
    return Relayed(number, command=command, reply_to=reply_to)


class _Refused(Problem):
    """Refusal of another node, with its status and words."""


def _raised(problem: RelayedProblem) -> Problem:
    named = {"status": problem.status, "slug": problem.slug, "title": problem.title}
    kind: type[Problem] = type("Refused", (_Refused,), named)
    return kind(problem.detail, [FieldProblem(field=field, rule=rule) for field, rule in problem.fields])
