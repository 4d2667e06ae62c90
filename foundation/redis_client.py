"""Redis: one connection that every command of the process shares.

redis-py takes a connection from its pool for each command and puts it back, which costs several times what the command
does; a call gives a dozen. Here a command leaves in the moment it is asked, and the answers come back in order.
Subscriptions and pipelines have connections of their own, from the pool, as usual.
"""

import asyncio
from collections import deque
from typing import Any, NamedTuple

import hiredis
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.maint_notifications import MaintNotificationsConfig

from foundation.redis_line import CONNECT_S, RedisLine

SILENCE_S = 2.0
"""A command that is unanswered for longer has lost its connection, whatever TCP thinks of it."""
POOLED = 64
"""Connections at most besides the shared one."""
CLIENT_SIDE = ("keys", "NEVER_DECODE", "EMPTY_RESPONSE")
"""Options of a command that are meant for redis-py's own way of carrying it out."""


class _Asked(NamedTuple):
    """Command that waits for its reply."""

    answer: asyncio.Future[Any]
    at_s: float
    """On the loop's clock."""


class SharedConnection:
    """Carries the commands of one event loop over one connection, in order.

    It connects when it is first needed, and again after it was lost. Commands that wait at a loss fail; none is sent
    twice. A command stays sent when its caller no longer waits for it: the reply is dropped.
    """

    def __init__(self, connection: AbstractConnection) -> None:
        self._connection = connection
        self._line: RedisLine | None = None
        self._given: list[bytes] = []
        """Commands that are not sent yet."""
        self._waiting: deque[_Asked] = deque()
        self._carrying: asyncio.Task[None] | None = None

    def ask(self, *command: Any) -> asyncio.Future[Any]:
        """Give a command, and get what its answer will be.

        The answer raises RedisError or OSError: it was refused, or the connection was lost or could not be made.
        """
        answer = self._taken(command)
        self._send()
        return answer

    def give(self, *command: Any) -> asyncio.Future[Any]:
        """Give a command that leaves with the next one.

        Each sending costs as much as a command does.
        """
        answer = self._taken(command)
        if self._line is not None and len(self._given) == 1:
            asyncio.get_running_loop().call_soon(self._send)
        return answer

    def _taken(self, command: tuple[Any, ...]) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        name, *arguments = command
        # Commands of two words, such as FUNCTION LOAD, come as one.
        packed = hiredis.pack_command((*name.split(), *arguments) if " " in name else command)
        answer: asyncio.Future[Any] = loop.create_future()
        self._waiting.append(_Asked(answer, loop.time()))
        self._given.append(packed)
        if self._line is None and self._carrying is None:
            self._carrying = asyncio.create_task(self._carry(), name="redis")
        return answer

    def _send(self) -> None:
        if self._line is not None and self._given:
            self._line.write(b"".join(self._given))
            self._given.clear()

    async def aclose(self) -> None:
        """Close the connection; waiting commands fail."""
        if self._carrying is not None:
            self._carrying.cancel()
            await asyncio.wait({self._carrying})
        self._lost(RedisConnectionError("closed"))

    async def _carry(self) -> None:
        """Connect, send waiting commands, and stay until the connection is lost."""
        try:
            self._line = await RedisLine.open(self._connection, self._answer)
            self._send()
            error = await self._until_lost(self._line)
        except Exception as failed:  # noqa: BLE001 - handed to the waiting commands
            error = failed
        finally:
            self._line = None
            await self._connection.disconnect(nowait=True)
        self._lost(error)

    async def _until_lost(self, line: RedisLine) -> Exception:
        loop = asyncio.get_running_loop()
        while not (await asyncio.wait({line.lost}, timeout=SILENCE_S))[0]:
            if self._waiting and loop.time() - self._waiting[0].at_s > SILENCE_S:
                return RedisConnectionError(f"no answer within {SILENCE_S:g} s")
        return line.lost.result()

    def _answer(self, reply: Any) -> None:
        answer = self._waiting.popleft().answer
        if answer.done():
            return
        if isinstance(reply, RedisError):
            answer.set_exception(reply)
        else:
            answer.set_result(reply)

    def _lost(self, error: Exception) -> None:
        self._carrying = None
        self._given.clear()
        waiting, self._waiting = self._waiting, deque()
        for asked in waiting:
            if not asked.answer.done():
                asked.answer.set_exception(error)
                # The caller may be gone by now: an exception that is never fetched must not be logged.
                asked.answer.exception()


class SharedRedis(Redis):
    """redis-py's client, with each single command on the shared connection.

    No command may block (BLPOP, XREAD BLOCK, WAIT): all others would wait for it.
    """

    def __init__(self, pool: BlockingConnectionPool) -> None:
        super().__init__(connection_pool=pool)
        self.auto_close_connection_pool = True
        self._shared = SharedConnection(pool.make_connection())  # type: ignore[no-untyped-call]

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Carry out one command; its answer in the form redis-py gives it.

        Raises:
            RedisError, OSError: it was refused, or Redis is out of reach.
        """
        answer = await self._shared.ask(*args)
        if (formed := self.response_callbacks.get(args[0])) is None:
            return answer
        return formed(answer, **{name: given for name, given in options.items() if name not in CLIENT_SIDE})

    def give(self, *command: Any) -> asyncio.Future[Any]:
        """Send a command with the next one, or in a moment.

        It is carried out before every later command, or not at all.

        Its answer, as Redis forms it, raises RedisError or OSError: it was refused, or Redis is out of reach.
        """
        return self._shared.give(*command)

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Close every connection."""
        await self._shared.aclose()
        await super().aclose(close_connection_pool)


def redis_client(url: str) -> SharedRedis:
    """Return the shared client for a URL such as `redis://:password@host:6379/0`.

    `rediss://` uses TLS. Callers set the time limits, and no command is repeated.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=POOLED,
        timeout=CONNECT_S,
        # Before Python 3.12 redis-py's can answer a cancellation with a result, and a hang-up is lost.
        socket_timeout=None,
        socket_connect_timeout=CONNECT_S,
        retry=Retry(NoBackoff(), 0),
        # With them on, redis-py 8 uses connections that ended: after Redis is back, the first command
        # on each fails.
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )
    return SharedRedis(pool)
