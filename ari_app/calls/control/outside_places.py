"""Places of outside numbers in calls, counted over all processes."""

from collections.abc import Awaitable, Mapping
from typing import Protocol

from redis.asyncio import Redis
from redis.exceptions import RedisError

from ari_app.calls.control.errors import CallOutOfReach, TooManyOutsideCalls
from ari_app.calls.control.model import Target, TargetKind
from ari_app.calls.model import CallState
from ari_app.calls.tolls import TollRules
from ari_app.desk.model import CallStage
from foundation.clock import milliseconds, utc_now
from foundation.ids import new_id

TAKEN = "hotline:outside-places"
"""Places of numbers that are about to be dialled, by the time until which they count."""
DIALLED_WITHIN_S = 3.0
"""The number's call is stored by then, and counts itself."""

TAKE = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
local before = redis.call('ZRANGE', KEYS[1], 0, -1)
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[3])
return before
"""
"""Takes a place, and returns those taken before: of two processes in one moment, one is the first."""


class UnderWay(Protocol):
    """Returns the agents behind the numbers in stored calls, by place.

    Raises:
        RedisError, OSError: Redis is out of reach.
    """

    def __call__(self) -> Awaitable[Mapping[str, str]]: ...


class OutsidePlaces:
    """Gives places to outside numbers, no more than the caps allow.

    The stored calls are the truth: a process that died holds no place. A number between its check and its stored call
    has a place in Redis, so that two processes in one moment do not take the last one both.
    """

    def __init__(self, redis: Redis, under_way: UnderWay, rules: TollRules) -> None:
        self._redis = redis
        self._under_way = under_way
        self._rules = rules

    async def take(self, agent_id: str) -> str:
        """Take a place for a number of an agent; return its id.

        Raises:
            TooManyOutsideCalls: a cap is reached.
            CallOutOfReach: Redis does not answer, so that nothing can be counted.
        """
        place = new_id("outside")
        try:
            before = await self._before(place, agent_id)
            if len(before) >= self._rules.at_once:
                await self._redis.zrem(TAKEN, _member(place, agent_id))
                raise TooManyOutsideCalls(f"{self._rules.at_once} outside numbers are called at the moment")
            if sum(one == agent_id for one in before) >= self._rules.agents.at_once:
                await self._redis.zrem(TAKEN, _member(place, agent_id))
                raise TooManyOutsideCalls(f"this agent has {self._rules.agents.at_once} outside numbers in calls")
        except (RedisError, OSError, TimeoutError):
            raise CallOutOfReach("outside calls cannot be counted now") from None
        return place

    async def give_back(self, place: str, agent_id: str) -> None:
        """Give back the place of a number that is not dialled.

        Never raises: a place runs out by itself.
        """
        try:
            await self._redis.zrem(TAKEN, _member(place, agent_id))
        except (RedisError, OSError, TimeoutError):
            return

    async def _before(self, place: str, agent_id: str) -> list[str]:
        """Take a place, and return the agents behind those taken earlier."""
        now_ms = milliseconds(utc_now())
        until_ms = now_ms + round(DIALLED_WITHIN_S * 1000)
        members = await self._redis.eval(TAKE, 1, TAKEN, now_ms, until_ms, _member(place, agent_id))
        taken = dict(_read(member) for member in members)
        stored = await self._under_way()
        # A call that is stored counts itself, and no longer by its place in Redis.
        if known := [_member(one, agent) for one, agent in taken.items() if one in stored]:
            await self._redis.zrem(TAKEN, *known)
        return list({**taken, **stored}.values())


def outside_numbers(state: CallState) -> dict[str, str]:
    """Return the agents behind a call's outside numbers, by place."""
    found = {}
    control, outgoing = state.control, state.outgoing
    if control is not None and control.party is not None and control.party.target.kind is TargetKind.NUMBER:
        found[_place(state, control.party.target)] = state.talk.agent_id if state.talk is not None else ""
    is_made = outgoing is not None and not outgoing.waits and state.stage is not CallStage.ENDED
    if outgoing is not None and is_made and outgoing.target.kind is TargetKind.NUMBER:
        found[_place(state, outgoing.target)] = outgoing.agent_id
    return found


def _place(state: CallState, target: Target) -> str:
    """Return a number's place; else the call's id."""
    return target.place or state.id


def _member(place: str, agent_id: str) -> str:
    return f"{place} {agent_id}"


def _read(member: bytes | str) -> tuple[str, str]:
    place, _, agent_id = (member.decode() if isinstance(member, bytes) else member).partition(" ")
    return place, agent_id
