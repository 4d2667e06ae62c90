"""Directory of transfer targets with their live state, and of live calls."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Protocol

from redis.exceptions import RedisError

from ari_app.calls.call_services import AgentPhone
from ari_app.calls.control.errors import CallOutOfReach
from ari_app.calls.control.model import Control, TargetKind
from ari_app.calls.control.targets import BUSY, DutyNumber
from ari_app.calls.control.views import LiveCallView, LiveSupervisor, TargetView
from ari_app.calls.expected_waits import ExpectedWaits
from ari_app.calls.model import CallState
from ari_app.calls.store import CallStore
from ari_app.desk.call_states import ControlStage
from ari_app.desk.model import CallStage
from ari_app.queues.model import DESK_CLOSED, AgentSnapshot, AgentState
from ari_app.queues.service import QueueService
from crm.staff.people.initials import reads_like
from foundation.clock import from_milliseconds
from foundation.routes import Principal, Role

MOST_DEPARTMENTS = 30
"""Departments with a duty number in one answer."""


class Phones(Protocol):
    """All agents with a phone."""

    def phones(self) -> Sequence[AgentPhone]: ...


class NamedDepartment(Protocol):
    """Department as the directory shows it."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def active(self) -> bool: ...


Departments = Callable[[], Awaitable[Sequence[NamedDepartment]]]


class CallDirectory:
    """Views of targets and live calls."""

    def __init__(
        self,
        store: CallStore,
        queues: QueueService,
        phones: Phones,
        departments: Departments,
        duty_number: DutyNumber,
        waits: ExpectedWaits,
    ) -> None:
        self._store = store
        self._queues = queues
        self._phones = phones
        self._departments = departments
        self._duty_number = duty_number
        self._waits = waits

    async def targets(self, asking: Principal, query: str) -> list[TargetView]:
        """Return agents, queues and departments by name, number or pinyin."""
        snapshot, _ = await asyncio.gather(self._queues.snapshot(), self._waits.refresh())
        states = {agent.agent_id: agent for agent in snapshot.agents}
        found = [
            _agent(phone, states.get(phone.agent_id))
            for phone in self._phones.phones()
            if phone.agent_id != asking.staff_id and _matches(query, phone.name, phone.staff_number)
        ]
        found.sort(key=lambda view: (not view.available, view.staff_number or ""))
        staffed = {queue for agent in snapshot.agents for queue in agent.queues}
        for queue in snapshot.queues:
            settings = self._queues.settings_of(queue.queue)
            if _matches(query, settings.title_zh, settings.title_en, queue.queue):
                found.append(
                    TargetView(
                        kind="queue",
                        id=queue.queue,
                        name=settings.title_zh,
                        name_en=settings.title_en,
                        available=queue.queue in staffed,
                        waiting=queue.waiting,
                        longest_wait_ms=queue.longest_wait_ms,
                        expected_wait_ms=self._waits.of(queue) if queue.queue in staffed else None,
                    )
                )
        matching = [one for one in await self._departments() if one.active and _matches(query, one.name)]
        for department in matching[:MOST_DEPARTMENTS]:
            on_duty = await self._duty_number(department.id)
            found.append(
                TargetView(
                    kind="department",
                    id=department.id,
                    name=department.name,
                    available=on_duty is not None,
                    on_duty=on_duty.name if on_duty is not None else None,
                )
            )
        return found

    async def live(self, asking: Principal) -> list[LiveCallView]:
        """Return the live calls; of agents the parked and own ones.

        Raises:
            CallOutOfReach: Redis does not answer.
        """
        try:
            states = await self._store.all()
        except (RedisError, OSError, TimeoutError):
            raise CallOutOfReach("Redis does not answer") from None
        shown = [state for state in states if state.stage is not CallStage.ENDED]
        if asking.role is Role.AGENT:
            queues = (await self._queues.agent(asking.staff_id)).queues
            shown = [state for state in shown if _may_be_taken(state, queues) or asking.staff_id in state.agents]
        return [live_view(state) for state in shown]


def _matches(query: str, *names: str) -> bool:
    wanted = query.strip().casefold()
    return not wanted or any(wanted in name.casefold() or reads_like(name, wanted) for name in names)


def _agent(phone: AgentPhone, agent: AgentSnapshot | None) -> TargetView:
    state = agent.state if agent is not None else AgentState.OFFLINE
    closed = agent is None or agent.reason == DESK_CLOSED
    return TargetView(
        kind="agent",
        id=phone.agent_id,
        name=phone.name,
        staff_number=phone.staff_number,
        available=not closed and state is not AgentState.OFFLINE and state not in BUSY,
        state=state,
        reason=agent.reason if agent is not None else None,
        since_ms=agent.since_ms if agent is not None else None,
    )


def _with_it(state: CallState) -> LiveSupervisor | None:
    supervisor = state.control.supervisor if state.control is not None else None
    if supervisor is None:
        return None
    target = supervisor.target
    return LiveSupervisor(staff_id=target.id, name=target.name, mode=supervisor.mode, answered=supervisor.up)


def _may_be_taken(state: CallState, queues: Collection[str]) -> bool:
    """Tell whether an agent of these queues may pick a call up."""
    return _parked(state) or (state.target is not None and not state.bridged and state.queue in queues)


def _parked(state: CallState) -> bool:
    return state.control is not None and state.control.stage is ControlStage.PARKED


def live_view(state: CallState) -> LiveCallView:
    """Return a live call as HTTP sends it."""
    control = state.control or Control(0)
    party = control.party
    is_number = party is not None and party.target.kind is TargetKind.NUMBER
    return LiveCallView(
        call_id=state.id,
        direction=state.direction.value,
        stage=state.stage,
        state=control.stage if state.bridged else None,
        number=state.number,
        customer_id=state.customer_id,
        ticket_id=state.ticket_id,
        queue=state.queue,
        agent_id=state.talk.agent_id if state.talk is not None and not state.talk.released else None,
        third_agent_id=party.target.id if party is not None and not is_number else None,
        third_number=party.target.id if party is not None and is_number else None,
        started_at=from_milliseconds(state.started_at_ms),
        queued_at=from_milliseconds(state.waits_since_ms) if state.waits_since_ms is not None else None,
        connected_at=from_milliseconds(state.connected_at_ms) if state.connected_at_ms is not None else None,
        held_ms=state.held_ms,
        held_since_ms=state.held_since_ms,
        node=state.node,
        supervisor=_with_it(state),
    )
