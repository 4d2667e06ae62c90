"""Walk of a call through its flow, stored before each step."""

from collections.abc import Mapping

import structlog

from ivr.actions import Action
from ivr.cursor import Cursor, CursorStore
from ivr.grammar import Flow
from ivr.prompts import PromptAudio
from ivr.steps.scene import Again, Ended, GoTo, Jump, Leave, Outcome, Scene, ToQueue
from ivr.steps.table import carry_out
from ivr.voice import Voice

__all__ = ["Ended", "FlowWalker", "Outcome", "ToQueue"]

LONGEST_WALK = 400
"""Steps after which a call is taken to go round in circles (S28)."""

LOST = "lost"
"""Why a walk ended that had nowhere to go."""

log = structlog.get_logger()


class FlowWalker:
    """Walk of one call.

    A hang-up cancels it; another process goes on from the stored cursor.
    """

    def __init__(
        self,
        flows: Mapping[str, Flow],
        voice: Voice,
        prompts: PromptAudio,
        actions: Mapping[str, Action],
        store: CursorStore,
    ) -> None:
        self._flows = flows
        self._voice = voice
        self._prompts = prompts
        self._actions = actions
        self._store = store

    async def walk(self, cursor: Cursor) -> Outcome:
        """Execute steps until the flow ends or leads to a queue.

        The cursor is moved in place. To go on after a queue, set `cursor.step` to the outcome's `otherwise` and walk
        again.
        """
        rescued = False
        for _ in range(LONGEST_WALK):
            flow = self._flows.get(cursor.flow)
            step = flow.steps.get(cursor.step) if flow else None
            if flow is None or step is None:
                log.error("step_unknown", flow=cursor.flow, step=cursor.step)
                if rescued or not self._rescue(cursor, flow):
                    return Ended(LOST)
                rescued = True
                continue
            if cursor.language not in flow.languages:
                cursor.language = flow.languages[0]
            await self._save(cursor)
            move = await carry_out(step, Scene(cursor, flow, self._voice, self._prompts, self._actions))
            if isinstance(move, Leave):
                return move.outcome
            self._move(cursor, move)
        log.error("walk_too_long", flow=cursor.flow, step=cursor.step)
        return await self._last_resort(cursor)

    def _move(self, cursor: Cursor, move: GoTo | Jump | Again) -> None:
        if isinstance(move, Again):
            cursor.attempts += move.counted
            cursor.wrong_key = move.wrong_key
            return
        cursor.attempts, cursor.wrong_key = 0, False
        if isinstance(move, GoTo):
            cursor.step = move.step
            return
        target = self._flows.get(move.flow)
        if target is None:
            log.error("flow_unknown", flow=move.flow, step=cursor.step)
            self._rescue(cursor, self._flows.get(cursor.flow))
            return
        cursor.flow, cursor.step = target.name, target.start

    def _rescue(self, cursor: Cursor, flow: Flow | None) -> bool:
        """Lead a call in a missing step to the flow's fallback."""
        if flow is None or flow.fallback is None:
            return False
        cursor.step, cursor.attempts, cursor.wrong_key = flow.fallback, 0, False
        return True

    async def _last_resort(self, cursor: Cursor) -> Outcome:
        """Give an endless call one step of the fallback."""
        flow = self._flows.get(cursor.flow)
        if flow is None or not self._rescue(cursor, flow):
            return Ended(LOST)
        await self._save(cursor)
        step = flow.steps[cursor.step]
        move = await carry_out(step, Scene(cursor, flow, self._voice, self._prompts, self._actions))
        return move.outcome if isinstance(move, Leave) else Ended(LOST)

    async def _save(self, cursor: Cursor) -> None:
        try:
            await self._store.save(cursor)
        except Exception:
            # Without a stored place the call cannot be adopted; without going on it could not even be served.
            log.exception("cursor_not_saved", flow=cursor.flow, step=cursor.step)
