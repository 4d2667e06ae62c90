"""Use cases of supervisors: calls, waiting callers, agents' states."""

from collections.abc import Awaitable, Callable

from ari_app.calls.control.directory import live_view
from ari_app.calls.control.model import SupervisorAction
from ari_app.calls.control.service import CallControl
from ari_app.calls.control.views import LiveCallView
from ari_app.desk.model import Message
from ari_app.queues.model import AgentSnapshot, AgentState
from ari_app.queues.service import QueueService
from ari_app.supervision import store
from ari_app.supervision.errors import NoSuchAgent
from ari_app.supervision.model import (
    FindUses,
    MoveInput,
    QueuesInput,
    StateInput,
    SupervisorAudit,
    SupervisorAuditView,
    SupervisorUse,
)
from ari_app.supervision.wording import notice
from crm.staff.model import StaffChange
from crm.staff.service import StaffService
from crm.staff.skills import listed
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.routes import Principal, Role


class Supervision:
    """Orders of supervisors. Each is stored before it is carried out."""

    def __init__(
        self,
        database: Database,
        control: CallControl,
        queues: QueueService,
        staff: StaffService,
        notify: Callable[[str, Message], Awaitable[bool]],
        *,
        silent: bool,
    ) -> None:
        """Begin.

        Args:
            notify: shows a message on an agent's desk.
            silent: agents do not see who listens to them.
        """
        self._database = database
        self._control = control
        self._queues = queues
        self._staff = staff
        self._notify = notify
        self._silent = silent

    async def supervise(self, call_id: str, action: SupervisorAction, who: Principal, key: str) -> LiveCallView:
        """Listen to a call, whisper, barge, take over or leave it.

        Raises:
            CallUnknown: the call is over.
            Problem: it is refused, with the reason.
        """
        state = await self._control.state(call_id)
        agent_id = state.talk.agent_id if state.talk is not None else None
        await self._note(who, SupervisorUse(action.value), call_id=call_id, agent_id=agent_id, queue=state.queue)
        await self._control.supervise(call_id, who.staff_id, action, silent=self._silent, key=key)
        return live_view(await self._control.state(call_id))

    async def pull(self, call_id: str, who: Principal) -> LiveCallView:
        """Ring the supervisor's phone for a caller who waits.

        Raises:
            Problem: an agent was faster, or the caller left.
        """
        state = await self._control.state(call_id)
        await self._note(who, SupervisorUse.PULL, call_id=call_id, queue=state.queue)
        await self._control.pull(call_id, who.staff_id)
        return live_view(await self._control.state(call_id))

    async def move(self, call_id: str, wanted: MoveInput, who: Principal, key: str) -> LiveCallView:
        """Move a caller who waits to another queue.

        Raises:
            Problem: there is no such queue, or the caller waits no more.
        """
        await self._control.state(call_id)
        await self._note(who, SupervisorUse.MOVE, call_id=call_id, queue=wanted.queue, reason=wanted.reason)
        await self._control.move(call_id, who.staff_id, wanted.queue, key=key)
        return live_view(await self._control.state(call_id))

    async def put_into(self, agent_id: str, wanted: StateInput, who: Principal) -> AgentSnapshot:
        """Make an agent ready, or pause the agent.

        Raises:
            AgentNotSignedIn: the agent is offline.
        """
        use = SupervisorUse.READY if wanted.state == "ready" else SupervisorUse.PAUSE
        await self._note(who, use, agent_id=agent_id, reason=wanted.reason)
        if use is SupervisorUse.READY:
            changed = await self._queues.ready(agent_id)
        else:
            changed = await self._queues.not_ready(agent_id, wanted.pause)
        await self._notify(agent_id, notice(use, who.name, wanted.reason))
        return changed

    async def sign_out(self, agent_id: str, reason: str, who: Principal) -> AgentSnapshot:
        """Sign an agent out of the queues, after a present call."""
        await self._note(who, SupervisorUse.SIGN_OUT, agent_id=agent_id, reason=reason)
        changed = await self._queues.sign_out(agent_id)
        await self._notify(agent_id, notice(SupervisorUse.SIGN_OUT, who.name, reason))
        return changed

    async def give_queues(self, agent_id: str, wanted: QueuesInput, who: Principal) -> AgentSnapshot:
        """Change the queues and skills of an agent from now on.

        Raises:
            StaffNotFound, UnknownQueue: there is no such account or queue.
            NoSuchAgent: the account is no agent's.
        """
        found = {one.id: one for one in await self._staff.with_phones() if one.role is Role.AGENT}
        if agent_id not in found:
            raise NoSuchAgent(f"there is no active agent {agent_id}")
        served = ", ".join(wanted.queues)
        if wanted.skills is not None:
            served += f" ({listed(wanted.skills)})"
        await self._note(who, SupervisorUse.QUEUES, agent_id=agent_id, queue=served, reason=wanted.reason)
        skills = found[agent_id].skills if wanted.skills is None else wanted.skills
        await self._staff.update(agent_id, StaffChange(queues=wanted.queues, skills=skills))
        changed = await self._queues.agent(agent_id)
        if changed.state is not AgentState.OFFLINE:
            changed = await self._queues.sign_in(agent_id, wanted.queues, skills, found[agent_id].staff_number)
        await self._notify(agent_id, notice(SupervisorUse.QUEUES, who.name, wanted.reason))
        return changed

    async def uses(self, wanted: FindUses) -> list[SupervisorAuditView]:
        """Return what supervisors did, newest first."""
        async with self._database.read() as session:
            return [SupervisorAuditView.model_validate(one) for one in await store.uses(session, wanted)]

    async def _note(
        self,
        who: Principal,
        use: SupervisorUse,
        *,
        agent_id: str | None = None,
        call_id: str | None = None,
        queue: str | None = None,
        reason: str = "",
    ) -> None:
        """Store an order."""
        entry = SupervisorAudit(
            id=new_id("order"),
            at=utc_now(),
            staff_id=who.staff_id,
            staff_number=who.staff_number,
            use=use,
            agent_id=agent_id,
            call_id=call_id,
            queue=queue,
            reason=reason,
        )
        async with self._database.write() as session:
            session.add(entry)
