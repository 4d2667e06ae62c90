"""Outside numbers that agents may call: toll fraud has no door."""

import re
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import Counter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from ari_app.calls.control.errors import CallOutOfReach, TooManyOutsideCalls
from ari_app.calls.control.model import Target, TargetKind
from ari_app.calls.control.outside_places import OutsidePlaces, UnderWay
from ari_app.calls.dial_plan import ORDINARY, DialPlan, class_closed
from ari_app.calls.errors import NumberRefused
from ari_app.calls.tolls import NumberClass, Purpose, TollRules
from crm.customers.model import NO_NUMBER
from crm.customers.phone import typed_number
from foundation.clock import utc_now
from foundation.problems import FieldProblem

COUNT = "hotline:outside-calls:"
ALL = "all"
SPECIAL = re.compile(r"[0-9]{3,6}|16[08][0-9]{5,8}", re.ASCII)
"""Emergency numbers, services, extensions, the own number, and premium numbers."""
KEPT_S = 2 * 86_400
FIELD = "target.id"
REFUSED = Counter("hotline_outside_numbers_refused", "Outside numbers that were not dialled, by reason", ["why"])

log = structlog.get_logger()


class OutsideCalls:
    """Gate of all calls of agents to outside numbers: classes, caps, counts.

    `callflows/outside.yaml` has the rules; what is not opened there is closed.
    """

    def __init__(self, redis: Redis, dial_plan: DialPlan, under_way: UnderWay, time_zone: str) -> None:
        self._redis = redis
        self._dial_plan = dial_plan
        self._rules = dial_plan.rules
        self._places = OutsidePlaces(redis, under_way, dial_plan.rules)
        self._zone = ZoneInfo(time_zone)

    async def target(self, agent_id: str, number: str, purpose: Purpose = Purpose.AGENT) -> Target:
        """Return an outside number as a target, counted for the agent.

        Raises:
            NumberRefused: it is no number, or one that is not called.
            TooManyOutsideCalls: a cap is reached.
            CallOutOfReach: Redis does not answer, so that nothing can be counted.
        """
        try:
            known = self._read(number, purpose)
            endpoint = self._dial_plan.endpoint(known, purpose)
            place = await self._places.take(agent_id)
            try:
                await self._count(agent_id)
            except BaseException:
                await self._places.give_back(place, agent_id)
                raise
        except (NumberRefused, TooManyOutsideCalls) as refused:
            REFUSED.labels(refused.slug).inc()
            log.warning("outside_number_refused", agent_id=agent_id, why=refused.slug)
            rules = [FieldProblem(field=FIELD, rule=one.rule) for one in refused.errors]
            raise type(refused)(refused.detail, rules) from None
        return Target(TargetKind.NUMBER, known, known, endpoint=endpoint, place=place)

    @property
    def rules(self) -> TollRules:
        """Return the rules of `callflows/outside.yaml`."""
        return self._rules

    def _read(self, number: str, purpose: Purpose) -> str:
        """Return a typed number as E.164, or an opened short number.

        A foreign number is closed whether or not it exists: the agent learns that, and not that it is misspelt.
        """
        known = number.strip() if number.strip() in self._rules.opened else typed_number(number)
        if (
            known is None
            and NumberClass.FOREIGN not in self._rules.opens(purpose)
            and self._dial_plan.is_foreign(number)
        ):
            raise class_closed(NumberClass.FOREIGN)
        if known is None:
            rule = ORDINARY if SPECIAL.fullmatch(number.strip()) else NO_NUMBER
            raise NumberRefused("the number is not dialled", [FieldProblem(field=FIELD, rule=rule)])
        return known

    async def left_today(self, agent_id: str) -> int:
        """Return how many outside numbers an agent may still call today.

        Raises:
            CallOutOfReach: Redis does not answer.
        """
        try:
            made = await self._redis.mget(self._key(agent_id), self._key(ALL))
        except (RedisError, OSError, TimeoutError):
            raise CallOutOfReach("outside calls cannot be counted now") from None
        own, whole = (int(one or 0) for one in made)
        return max(0, min(self._rules.agents.a_day - own, self._rules.a_day - whole))

    async def _count(self, agent_id: str) -> None:
        """Count a call for its agent, then for all.

        In this order, one agent cannot use up the calls of the others.
        """
        if await self._counted(agent_id) > self._rules.agents.a_day:
            raise TooManyOutsideCalls(f"this agent called {self._rules.agents.a_day} outside numbers today")
        if await self._counted(ALL) > self._rules.a_day:
            raise TooManyOutsideCalls(f"{self._rules.a_day} outside numbers were called today")

    async def _counted(self, whose: str) -> int:
        key = self._key(whose)
        try:
            made = int(await self._redis.incr(key))
            if made == 1:
                await self._redis.expire(key, KEPT_S)
        except (RedisError, OSError, TimeoutError):
            raise CallOutOfReach("outside calls cannot be counted now") from None
        return made

    def _key(self, whose: str) -> str:
        return f"{COUNT}{whose}:{utc_now().astimezone(self._zone):%Y%m%d}"
