"""Outside numbers that agents may call: toll fraud has no door."""

from dataclasses import dataclass
from datetime import UTC
from typing import Protocol

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from ari_app.calls.control.errors import CallOutOfReach, TooManyOutsideCalls
from ari_app.calls.control.model import Target, TargetKind
from ari_app.calls.dial_plan import DialPlan
from ari_app.calls.errors import NumberRefused
from ari_app.calls.model import CallStage, CallState
from crm.customers.phone import typed_number
from foundation.clock import utc_now
from foundation.problems import FieldProblem

COUNT = "hotline:outside-calls:"
DAY_S = 86_400

log = structlog.get_logger()


@dataclass(frozen=True)
class OutsideLimits:
    """Caps of calls to outside numbers."""

    at_once: int
    """On this node."""
    per_agent_a_day: int


class UnderWay(Protocol):
    """Counts the outside legs that agents called on this node."""

    def __call__(self) -> int: ...


class OutsideCalls:
    """Checks and counts calls of agents to outside numbers.

    Abroad, premium, shared-cost, service and emergency numbers are closed by the dial plan, whatever the role.
    """

    def __init__(self, redis: Redis, dial_plan: DialPlan, limits: OutsideLimits, under_way: UnderWay) -> None:
        self._redis = redis
        self._dial_plan = dial_plan
        self._limits = limits
        self._under_way = under_way

    async def target(self, agent_id: str, number: str) -> Target:
        """Return an outside number as a target, counted for the agent.

        Raises:
            NumberRefused: it is no number, or one that is not called.
            TooManyOutsideCalls: a cap is reached.
            CallOutOfReach: Redis does not answer, so that nothing can be counted.
        """
        known = typed_number(number)
        if known is None:
            rule = FieldProblem(
                field="target.id",
                rule="must be a telephone number, such as 13800000001, 0451-88888888 or +8613800000001",
            )
            raise NumberRefused("the number is not dialled", [rule])
        endpoint = self._dial_plan.endpoint(known)
        if self._under_way() >= self._limits.at_once:
            raise TooManyOutsideCalls(f"{self._limits.at_once} outside numbers are called at the moment")
        await self._count(agent_id)
        return Target(TargetKind.NUMBER, known, known, endpoint=endpoint)

    async def _count(self, agent_id: str) -> None:
        key = f"{COUNT}{agent_id}:{utc_now().astimezone(UTC):%Y%m%d}"
        try:
            made = int(await self._redis.incr(key))
            if made == 1:
                await self._redis.expire(key, DAY_S)
        except (RedisError, OSError, TimeoutError):
            raise CallOutOfReach("outside calls cannot be counted now") from None
        if made > self._limits.per_agent_a_day:
            log.warning("outside_calls_capped", agent_id=agent_id, made=made)
            raise TooManyOutsideCalls(f"this agent called {self._limits.per_agent_a_day} outside numbers today")


def outside_numbers(state: CallState) -> list[str]:
    """Return the agent behind each outside number of a call."""
    found = []
    control, outgoing = state.control, state.outgoing
    if control is not None and control.party is not None and control.party.target.kind is TargetKind.NUMBER:
        found.append(state.talk.agent_id if state.talk is not None else "")
    if outgoing is not None and outgoing.target.kind is TargetKind.NUMBER and state.stage is not CallStage.ENDED:
        found.append(outgoing.agent_id)
    return found
