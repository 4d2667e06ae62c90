"""Targets of transfers: agents, queues, departments on duty, outside numbers."""

from collections.abc import Awaitable, Callable, Collection
from typing import Protocol

from ari_app.calls.call_services import AgentDirectory, AgentPhone
from ari_app.calls.control.errors import TargetBusy, TargetInvalid
from ari_app.calls.control.model import Target, TargetKind
from ari_app.calls.control.outside import OutsideCalls
from ari_app.calls.tolls import Purpose
from ari_app.desk.command_model import CallTarget
from ari_app.queues.model import DESK_CLOSED, AgentState
from ari_app.queues.service import QueueService
from foundation.problems import FieldProblem

BUSY = frozenset({AgentState.RESERVED, AgentState.RINGING, AgentState.TALKING})


class OnDuty(Protocol):
    """Person on duty in a department."""

    @property
    def name(self) -> str: ...
    @property
    def number(self) -> str: ...


DutyNumber = Callable[[str], Awaitable[OnDuty | None]]
"""Returns the person on duty in a department, with a telephone number."""


class TransferTargets:
    """Checks a target in the moment of the command."""

    def __init__(
        self,
        agents: AgentDirectory,
        queues: QueueService,
        outside: OutsideCalls,
        duty_number: DutyNumber,
        flows: Collection[str],
    ) -> None:
        self._agents = agents
        self._queues = queues
        self._outside = outside
        self._duty_number = duty_number
        self._flows = frozenset(flows)

    async def resolve(self, agent_id: str, target: CallTarget) -> Target:
        """Return a target that may be called.

        Raises:
            TargetInvalid: there is no such target, or it is the agent who asks.
            TargetBusy: it takes no call now.
            NumberRefused, TooManyOutsideCalls: the number may not be called, or not now.
        """
        match target.kind:
            case "agent":
                return await self._agent(agent_id, target.id)
            case "queue":
                return await self._queue(target.id)
            case "department":
                return await self._department(agent_id, target.id)
            case "number" if self._is_staff_number(target.id):
                return await self._agent(agent_id, target.id.strip())
            case "number":
                return await self._outside.target(agent_id, target.id)
            case "flow":
                return self._flow(target.id)

    def own_phone(self, agent_id: str) -> Target:
        """Return the agent's own phone, for a call that the agent takes.

        Raises:
            TargetInvalid: the agent has no phone.
        """
        return _target(self._phone(agent_id))

    async def _agent(self, asking: str, named: str) -> Target:
        """Return the agent of an id or a staff number."""
        numbers = {phone.staff_number: phone.agent_id for phone in self._agents.phones()}
        agent_id = numbers.get(named, named)
        if agent_id == asking:
            raise _invalid("must be another agent")
        phone = self._phone(agent_id)
        agent = await self._queues.agent(agent_id)
        if agent.state is AgentState.OFFLINE or agent.reason == DESK_CLOSED:
            raise TargetBusy(f"agent {phone.staff_number} is not signed in")
        if agent.state in BUSY:
            raise TargetBusy(f"agent {phone.staff_number} is in another call")
        return _target(phone)

    def _is_staff_number(self, number: str) -> bool:
        """Tell whether a number is a colleague's.

        An opened short number is called outside.
        """
        dialled = number.strip()
        return dialled not in self._outside.rules.opened and any(
            phone.staff_number == dialled for phone in self._agents.phones()
        )

    async def _queue(self, name: str) -> Target:
        settings = self._queues.queues.get(name)
        if settings is None:
            raise _invalid("must be a queue of queues.yaml")
        if not await self._queues.staffed(name):
            raise TargetBusy("no agent of this queue is signed in")
        return Target(TargetKind.QUEUE, name, name=settings.title_zh)

    def _flow(self, name: str) -> Target:
        if name not in self._flows:
            raise _invalid("must be a flow of numbers.yaml")
        return Target(TargetKind.FLOW, name, name)

    async def _department(self, asking: str, department_id: str) -> Target:
        on_duty = await self._duty_number(department_id)
        if on_duty is None:
            raise TargetBusy("the department has no telephone number on duty now")
        found = await self._outside.target(asking, on_duty.number, Purpose.DUTY)
        return Target(
            TargetKind.NUMBER,
            found.id,
            on_duty.name,
            department_id=department_id,
            endpoint=found.endpoint,
            place=found.place,
        )

    def _phone(self, agent_id: str) -> AgentPhone:
        phone = self._agents.phone(agent_id)
        if phone is None:
            raise _invalid("must be an active agent with a phone")
        return phone


def _target(phone: AgentPhone) -> Target:
    return Target(
        TargetKind.AGENT,
        phone.agent_id,
        phone.name,
        staff_number=phone.staff_number,
        endpoint=f"PJSIP/{phone.endpoint}",
    )


def _invalid(rule: str) -> TargetInvalid:
    return TargetInvalid("the target cannot be called", [FieldProblem(field="target.id", rule=rule)])
