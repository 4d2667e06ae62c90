"""Use cases of supervisors: calls listened to and taken over."""

from ari_app.calls.control.directory import live_view
from ari_app.calls.control.model import SupervisorAction
from ari_app.calls.control.service import CallControl
from ari_app.calls.control.views import LiveCallView
from ari_app.supervision import store
from ari_app.supervision.model import FindUses, SupervisorAudit, SupervisorAuditView, SupervisorUse
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.routes import Principal


class Supervision:
    """Orders of supervisors. Each is stored before it is carried out."""

    def __init__(self, database: Database, control: CallControl, *, silent: bool) -> None:
        """Begin.

        Args:
            silent: agents do not see who listens to them.
        """
        self._database = database
        self._control = control
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
