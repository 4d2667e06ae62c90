"""Live calls on supervisors' boards: pushed when they change."""

import asyncio
from typing import NoReturn

import structlog
from msgspec.structs import replace
from redis.exceptions import RedisError

from ari_app.calls.control.model import TargetKind
from ari_app.calls.model import CallState
from ari_app.calls.store import CallStore
from ari_app.desk.board import BoardCall, BoardStage, BoardSupervisor
from ari_app.desk.hub import Hub
from ari_app.desk.model import CallStage, LiveCalls
from ari_app.queues.service import QueueService
from ari_app.runtime.desk_handler import WATCHERS
from crm.personal_data.fields import Personal, shown
from foundation.routes import Role

PAUSE_S = 0.15
"""Between two looks: a burst of changes is one message, and a change alone is shown at once."""
STAGES = {
    CallStage.QUEUED: BoardStage.QUEUED,
    CallStage.RINGING: BoardStage.RINGING,
    CallStage.TALKING: BoardStage.TALKING,
}

log = structlog.get_logger()


class LiveBoard:
    """Tells the boards of this node about the calls of all nodes.

    A change of this node's calls, or of any queue or agent, causes a look; without an open board there is none.
    """

    def __init__(self, store: CallStore, queues: QueueService) -> None:
        self._store = store
        self._queues = queues
        self._changed = asyncio.Event()
        self._shown: dict[str, BoardCall] = {}
        """Calls that some board of this node has."""

    def look_soon(self) -> None:
        """Look at the calls again: one changed."""
        self._changed.set()

    async def calls(self, role: Role) -> list[BoardCall]:
        """Return all live calls as a role sees them."""
        try:
            found = await self._found()
        except (RedisError, OSError, TimeoutError):
            return [as_seen(call, role) for call in self._shown.values()]
        self._shown |= found
        return [as_seen(call, role) for call in found.values()]

    async def run(self, hub: Hub) -> NoReturn:
        """Tell boards about changes, until cancelled."""
        stops = (
            self._queues.watch_agents(lambda _: self._changed.set()),
            self._queues.watch_queues(lambda _: self._changed.set()),
        )
        try:
            while True:
                await self._changed.wait()
                self._changed.clear()
                if hub.listening(WATCHERS):
                    await self._tell(hub)
                await asyncio.sleep(PAUSE_S)
        finally:
            for stop in stops:
                stop()

    async def _tell(self, hub: Hub) -> None:
        try:
            found = await self._found()
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("board_not_updated", error=str(error))
            return
        changed = [call for call_id, call in found.items() if self._shown.get(call_id) != call]
        over = [call_id for call_id in self._shown if call_id not in found]
        self._shown = found
        if changed or over:
            for role in WATCHERS:
                seen = [as_seen(call, role) for call in changed]
                await hub.broadcast(role, LiveCalls(calls=seen, over=over))

    async def _found(self) -> dict[str, BoardCall]:
        states = await self._store.all()
        return {state.id: board_call(state) for state in states if state.stage is not CallStage.ENDED}


def as_seen(call: BoardCall, role: Role) -> BoardCall:
    """Return a call with its number as a role sees it."""
    return replace(call, number=shown(call.number, Personal.NUMBER, role))


def board_call(state: CallState) -> BoardCall:
    """Return a call as boards show it."""
    stage, control, talk = STAGES.get(state.stage, BoardStage.FLOW), state.control, state.talk
    party = control.party if control is not None else None
    supervisor = control.supervisor if control is not None else None
    since_ms = {
        BoardStage.TALKING: talk.connected_at_ms if talk is not None else None,
        BoardStage.QUEUED: state.waits_since_ms,
        BoardStage.RINGING: state.waits_since_ms,
    }.get(stage)
    return BoardCall(
        state.id,
        stage,
        since_ms or state.started_at_ms,
        state.direction.value,
        control.stage if control is not None and state.bridged else None,
        state.queue,
        talk.agent_id if talk is not None and not talk.released else None,
        party.target.id if party is not None and party.target.kind is TargetKind.AGENT else None,
        BoardSupervisor(supervisor.target.id, supervisor.target.name, supervisor.mode, supervisor.up)
        if supervisor is not None
        else None,
        state.number,
        state.customer_id,
        state.ticket_id,
    )
