"""Lease on a node's name: one process serves it (F19, F33)."""

import asyncio
import contextlib
import os
import secrets

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from foundation.process_identity import ProcessIdentity, own_identity
from foundation.signals import AsyncSignal, Signal

KEY = "hotline:node:"
LEASE_S = 6.0
"""How long a node's name stays taken after its process was last heard of."""
RENEW_S = 1.0
DEADLINE_S = 1.0

RENEW = """
local held = redis.call('GET', KEYS[1])
if not held then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return 'emptied'
end
if held ~= ARGV[1] then
  return 'taken'
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 'held'
"""
RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"

log = structlog.get_logger()


class NodeTaken(Exception):
    """Another process serves this node: two would fight over its calls."""


class Holder(msgspec.Struct, frozen=True):
    """Process that has a node's name."""

    token: str
    machine: str
    process_id: int
    started: str
    """The process's start by the machine's clock: a process id may be given again."""
    database: str = ""
    """Address of the process's database, without its password."""

    @classmethod
    def of_this_process(cls, database: str = "") -> "Holder":
        """Return this process as a holder."""
        own = own_identity()
        return cls(secrets.token_hex(16), own.machine, own.process_id, own.started, database)

    @property
    def dead(self) -> bool:
        """Return whether the process ended; those of other machines cannot be seen."""
        identity = ProcessIdentity(self.process_id, self.started, self.machine)
        return identity.is_here and (self.process_id == os.getpid() or not identity.runs)


class NodeLease:
    """This process's hold on its node's name."""

    def __init__(self, redis: Redis, node: str, database: str = "") -> None:
        self.redis_returned = AsyncSignal[[bool]]()
        """Redis is back after an absence or an unanswered step; the fact says whether it lost its data."""
        self.name_taken = Signal[[]]()
        """Another process has the name: this one must stop."""
        self._redis = redis
        self._node = node
        self._held = msgspec.json.encode(Holder.of_this_process(database))
        self._away = False
        self._in_doubt = False
        """Redis may lack steps that were sent to it."""
        self._emptied = False
        """Redis lost its data, and listeners have not restored it yet."""

    def doubt(self) -> None:
        """Note an unanswered step: the state is restored when Redis responds again."""
        self._in_doubt = True

    async def take(self) -> None:
        """Take the lease, at the latest when a lost holder's expires.

        Raises:
            NodeTaken: its holder lives.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + LEASE_S + RENEW_S
        while True:
            if await self._redis.set(KEY + self._node, self._held, px=int(LEASE_S * 1000), nx=True):
                return
            held = await self._redis.get(KEY + self._node)
            holder = _holder(held)
            if held is not None and holder is not None and holder.dead:
                # Another process may have taken the name since it was read.
                await self._redis.eval(RELEASE, 1, KEY + self._node, held)
                continue
            if loop.time() > deadline:
                raise NodeTaken(
                    f"another process serves the node {self._node!r} (process {holder.process_id if holder else '?'}): "
                    "end it, or give this one another HOTLINE_NODE and another Asterisk"
                )
            await asyncio.sleep(RENEW_S / 4)

    async def run(self) -> None:
        """Renew the lease, until cancelled or until another process has it."""
        while True:
            await asyncio.sleep(RENEW_S)
            try:
                async with asyncio.timeout(DEADLINE_S):
                    found = await self._redis.eval(RENEW, 1, KEY + self._node, self._held, int(LEASE_S * 1000))
            except (RedisError, OSError, TimeoutError) as error:
                if not self._away:
                    log.warning("redis_away", error=str(error))
                self._away = self._in_doubt = True
                continue
            self._away = False
            if found == b"taken":
                log.error("node_taken", node=self._node, remedy="end the other process, then start this one again")
                self.name_taken.announce()
                return
            await self._returned(emptied=found == b"emptied")

    async def release(self) -> None:
        """Let the next process have the name at once."""
        with contextlib.suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(DEADLINE_S):
                await self._redis.eval(RELEASE, 1, KEY + self._node, self._held)

    async def _returned(self, *, emptied: bool) -> None:
        self._emptied = self._emptied or emptied
        if not self._in_doubt and not self._emptied:
            return
        self._in_doubt = False
        try:
            await self.redis_returned.announce(self._emptied)
        except Exception:
            # Tried again with the next beat.
            log.exception("redis_return_not_handled")
            self._in_doubt = True
        else:
            log.info("redis_returned", emptied=self._emptied)
            self._emptied = False


def _holder(held: bytes | str | None) -> Holder | None:
    try:
        return msgspec.json.decode(held, type=Holder) if held else None
    except msgspec.DecodeError:
        return None
