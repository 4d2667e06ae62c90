"""Replay of a day in virtual time, by the live steps."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import cast

import msgspec
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from ari_app.queues.errors import SimulationBusy
from ari_app.queues.service import enter_arguments, sign_in_arguments
from ari_app.queues.settings import QueueSettings
from ari_app.queues.simulation.model import AgentEvent, AgentTimes, CallEnd, DayCall, Fared
from ari_app.queues.store import NAME, SCRIPTS, library_code

PREFIX = "hotline:simulation:"
LOCK = "hotline:simulation-lock"
LOCKED_MS = 60_000
LIVE = "'hotline:"
"""Begin of every key and channel in the steps."""
STEPS_AT_ONCE = 100
"""Live queues wait for one run: some five milliseconds."""
GIVEN_AT_ONCE = 500
FOR_EVER_MS = 2**52
KEYS_AT_ONCE = 500
FIELDS = 6
"""Values of one end, as the script returns them."""
OUTCOMES = {"CONNECT": "answered", "ABANDON": "abandoned", "EXITWITHTIMEOUT": "timed_out"}


class _Call(DayCall, kw_only=True):
    enter: Sequence[str | int]
    """Arguments of the step that joins the queue."""


class _AgentStep(msgspec.Struct):
    at: int
    kind: str
    arguments: Sequence[str]


class _Given(msgspec.Struct):
    calls: list[_Call]
    agents: list[_AgentStep]


class _Reply(msgspec.Struct):
    done: bool
    steps: int
    ends: list[str | int] = []
    spent: AgentTimes = {}


class Replay:
    """Run of a day under rules; Redis keeps nothing of it.

    Its keys and channels have other names than those of live calls, and live calls are served between its runs. One
    simulation at a time.
    """

    def __init__(self, redis: Redis, queues: Mapping[str, QueueSettings]) -> None:
        self._redis = redis
        body = library_code(queues) + "\n" + (SCRIPTS / "simulating.lua").read_text(encoding="utf-8")
        body = body.replace(LIVE, f"'{PREFIX}")
        self._library = f"simulation_{hashlib.sha256(body.encode()).hexdigest()[:16]}"
        self._code = f"#!lua name={self._library}\n{body.replace(NAME, self._library)}"
        self.steps = 0

    async def run(self, calls: Sequence[DayCall], agents: Sequence[AgentEvent]) -> Fared:
        """Return how the calls and agents fare.

        Raises:
            SimulationBusy: another simulation runs.
        """
        if not await self._redis.set(LOCK, self._library, nx=True, px=LOCKED_MS):
            raise SimulationBusy("another simulation runs")
        try:
            await self._forget()
            await self._redis.function_load(self._code, replace=True)
            return await self._run(calls, agents)
        finally:
            await self._forget()
            with suppress(ResponseError):
                await self._redis.function_delete(self._library)
            await self._redis.delete(LOCK)

    async def _run(self, calls: Sequence[DayCall], agents: Sequence[AgentEvent]) -> Fared:
        ends: list[CallEnd] = []
        reply = _Reply(done=False, steps=0)
        first = True
        for given, horizon in _parts(calls, agents):
            reply = await self._step(given, horizon, anew=first)
            first = False
            ends += _ends(reply.ends)
            while not reply.done:
                reply = await self._step(_Given([], []), horizon)
                ends += _ends(reply.ends)
            await self._redis.pexpire(LOCK, LOCKED_MS)
        return Fared(ends, reply.spent)

    async def _step(self, given: _Given, horizon: int, *, anew: bool = False) -> _Reply:
        arguments = ("simulation", "", msgspec.json.encode(given), horizon, STEPS_AT_ONCE, "1" if anew else "")
        raw = cast("bytes", await self._redis.fcall(f"{self._library}_simulate", 0, *arguments))
        reply = msgspec.json.decode(raw, type=_Reply)
        self.steps += reply.steps
        return reply

    async def _forget(self) -> None:
        keys: list[bytes] = []
        async for key in self._redis.scan_iter(match=f"{PREFIX}*", count=KEYS_AT_ONCE):
            keys.append(key)
            if len(keys) >= KEYS_AT_ONCE:
                await self._redis.unlink(*keys)
                keys = []
        if keys:
            await self._redis.unlink(*keys)


def _parts(calls: Sequence[DayCall], agents: Sequence[AgentEvent]) -> Iterator[tuple[_Given, int]]:
    """Yield what happens, in parts with the end of each."""
    everything: list[DayCall | AgentEvent] = [*calls, *agents]
    everything.sort(key=lambda one: one.at)
    for begin in range(0, max(1, len(everything)), GIVEN_AT_ONCE):
        part = everything[begin : begin + GIVEN_AT_ONCE]
        given = _Given(
            [_call(one) for one in part if isinstance(one, DayCall)],
            [_agent_step(one) for one in part if isinstance(one, AgentEvent)],
        )
        is_last = begin + GIVEN_AT_ONCE >= len(everything)
        yield given, FOR_EVER_MS if is_last else part[-1].at - 1


def _call(call: DayCall) -> _Call:
    enter = enter_arguments(call.id, call.queue, call.priority, "", call.asks)
    return _Call(**msgspec.structs.asdict(call), enter=enter)


def _agent_step(event: AgentEvent) -> _AgentStep:
    arguments: Sequence[str] = (event.agent, event.reason) if event.kind == "not_ready" else (event.agent,)
    if event.kind == "sign_in":
        arguments = sign_in_arguments(event.agent, event.queues, event.skills, event.number)
    return _AgentStep(event.at, event.kind, arguments)


def _ends(flat: Sequence[str | int]) -> Iterator[CallEnd]:
    for begin in range(0, len(flat), FIELDS):
        event, _call, queue, agent, wait_ms, _ring = flat[begin : begin + FIELDS]
        yield CallEnd(str(queue), OUTCOMES[str(event)], int(wait_ms), str(agent))
