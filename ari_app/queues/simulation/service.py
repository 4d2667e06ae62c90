"""Use case of simulations: a day under present and changed rules."""

from collections.abc import Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo

import msgspec
from redis.asyncio import Redis

from ari_app.queues.errors import DayUnknown
from ari_app.queues.overflow import OverflowAction
from ari_app.queues.settings import QueueSettings
from ari_app.queues.simulation.figures import figures_by_queue
from ari_app.queues.simulation.model import AgentEvent, DayCall, Fared, RecordedDay, SimulatedQueue, Simulation
from ari_app.queues.simulation.recorded import recorded_day
from ari_app.queues.simulation.replay import Replay
from foundation.database import Database

Rules = Mapping[str, QueueSettings]


class SimulationService:
    """Simulations of recorded days, on the Redis of the live queues."""

    def __init__(self, database: Database, redis: Redis, present: Rules, time_zone: str) -> None:
        self._database = database
        self._redis = redis
        self._present = present
        self._zone = ZoneInfo(time_zone)

    async def run(self, day: date, changed: Rules) -> Simulation:
        """Return a day as it was, under present and changed rules.

        Raises:
            DayUnknown: no call of the day waited in a queue.
            SimulationBusy: another simulation runs.
        """
        recorded = await self._database.look_up(lambda connection: recorded_day(connection, day, self._zone))
        if not recorded.calls:
            raise DayUnknown(f"no call of {day} waited in a queue")
        sides = [await self._side(recorded, rules) for rules in (self._present, changed)]
        names = list({**self._present, **changed})
        return Simulation(
            day=day,
            calls=len(recorded.calls),
            agents=len(recorded.queues_of),
            recorded=figures_by_queue(Fared(recorded.ends, recorded.times), names, recorded.queues_of),
            present=sides[0],
            changed=sides[1],
            left_out=sum(call.queue not in changed for call in recorded.calls),
        )

    async def _side(self, recorded: RecordedDay, rules: Rules) -> list[SimulatedQueue]:
        fared = await Replay(self._redis, rules).run(calls_under(recorded.calls, rules), agents_under(recorded, rules))
        return figures_by_queue(fared, list(rules), recorded.queues_of)


def calls_under(calls: Sequence[DayCall], rules: Rules) -> list[DayCall]:
    """Return the calls with a queue, and their ways out.

    Ways out by waiting time count; those by callers per agent or by a queue without agents do not.
    """
    return [_under(call, rules[call.queue]) for call in calls if call.queue in rules]


def _under(call: DayCall, queue: QueueSettings) -> DayCall:
    out_s = [queue.longest_wait_s] if queue.longest_wait_s is not None else []
    moves: list[tuple[int, str]] = []
    for rule in queue.overflow:
        if rule.waited_s is None or rule.to.action is OverflowAction.CALL_BACK:
            continue
        if rule.to.action is OverflowAction.QUEUE and rule.to.queue is not None:
            moves.append((round(rule.waited_s * 1000), rule.to.queue))
        else:
            out_s.append(rule.waited_s)
    limit_ms = round(min(out_s) * 1000) if out_s else call.patience
    if limit_ms < call.patience:
        return msgspec.structs.replace(call, patience=limit_ms, limit=True, moves=moves)
    return msgspec.structs.replace(call, moves=moves)


def agents_under(recorded: RecordedDay, rules: Rules) -> list[AgentEvent]:
    """Return what agents asked for, without removed queues."""
    return [
        msgspec.structs.replace(event, queues=[one for one in event.queues if one in rules])
        for event in recorded.agents
    ]
