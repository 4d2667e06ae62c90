"""Lease on a node's name: one process serves it (F19, F33)."""

import asyncio
import contextlib
import os
import secrets
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from foundation.clock import milliseconds, utc_now
from foundation.process_identity import ProcessIdentity, own_identity
from foundation.signals import AsyncSignal, Signal

KEY = "hotline:node:"
LEASE_S = 6.0
"""How long a node's name stays taken after its process was last heard of."""
RENEW_S = 1.0
DEADLINE_S = 1.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")

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


class SecondNode(NodeTaken):
    """Node that cannot work beside the one that runs."""


class Holder(msgspec.Struct, frozen=True):
    """Process that has a node's name."""

    token: str
    machine: str
    process_id: int
    started: str
    """The process's start by the machine's clock: a process id may be given again."""
    database: str = ""
    """Address of the process's database, without its password."""
    asterisk: str = ""
    """Address of the node's Asterisk, with this machine's name in place of a loopback address."""
    recordings: str = ""
    """Identity of the node's recordings folder."""
    since_ms: int = 0

    @classmethod
    def of_this_process(cls, database: str = "", asterisk: str = "", recordings: str = "") -> "Holder":
        """Return this process as a holder."""
        own = own_identity()
        since_ms = milliseconds(utc_now())
        return cls(
            secrets.token_hex(16), own.machine, own.process_id, own.started, database, asterisk, recordings, since_ms
        )

    @property
    def dead(self) -> bool:
        """Return whether the process ended; those of other machines cannot be seen."""
        identity = ProcessIdentity(self.process_id, self.started, self.machine)
        return identity.is_here and (self.process_id == os.getpid() or not identity.runs)


class NodeLease:
    """This process's hold on its node's name."""

    def __init__(
        self,
        redis: Redis,
        node: str,
        database: str = "",
        *,
        asterisk_url: str = "",
        recordings: Callable[[], str] = lambda: "",
    ) -> None:
        """Describe the node; `take` takes its name.

        Args:
            redis: keeps the lease.
            node: the name.
            database: its address without a password, for commands that write into it.
            asterisk_url: the address of its Asterisk.
            recordings: returns the identity of its recordings folder; it may wait for the disk.
        """
        self.redis_returned = AsyncSignal[[bool]]()
        """Redis is back after an absence or an unanswered step; the fact says whether it lost its data."""
        self.name_taken = Signal[[]]()
        """Another process has the name: this one must stop."""
        self._redis = redis
        self._node = node
        self._database = database
        self._asterisk = address_of(asterisk_url)
        self._recordings = recordings
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
            SecondNode: another node runs, with another Asterisk or recordings folder.
        """
        ours = Holder.of_this_process(self._database, self._asterisk, await asyncio.to_thread(self._recordings))
        self._held = msgspec.json.encode(ours)
        await self._take_name()
        try:
            await self._refuse_second(ours)
        except SecondNode:
            await self.release()
            raise

    async def _refuse_second(self, ours: Holder) -> None:
        """Compare this node with those that run.

        Raises:
            SecondNode: it has an Asterisk or a recordings folder of its own.
        """
        async for key in self._redis.scan_iter(f"{KEY}*"):
            other, name = _holder(await self._redis.get(key)), key.decode().removeprefix(KEY)
            if other is None or name == self._node or other.dead or other.since_ms > ours.since_ms:
                continue
            own = [
                word
                for word, mine, its in (
                    (f"an Asterisk of its own ({ours.asterisk}, not {other.asterisk})", ours.asterisk, other.asterisk),
                    ("a recordings folder of its own", ours.recordings, other.recordings),
                )
                if mine and its and mine != its
            ]
            if own:
                raise SecondNode(
                    f"the node {name!r} runs (process {other.process_id} on {other.machine.partition('/')[0]}), "
                    f"and {self._node!r} has {' and '.join(own)}: several nodes are not supported yet; calls would be "
                    "offered to agents with phones out of their reach, and recordings be marked as missing. End that "
                    "node first, or give this one another HOTLINE_REDIS_URL and HOTLINE_DATABASE_URL"
                )

    async def _take_name(self) -> None:
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
                    "end it first"
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


def address_of(url: str) -> str:
    """Return an address that is the same for every machine."""
    parts = urlsplit(url)
    here = parts.hostname in LOOPBACK
    return f"{socket.gethostname() if here else parts.hostname}:{parts.port}" if parts.hostname is not None else ""


def _holder(held: bytes | str | None) -> Holder | None:
    try:
        return msgspec.json.decode(held, type=Holder) if held else None
    except msgspec.DecodeError:
        return None
