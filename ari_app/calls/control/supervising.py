"""Supervision of a conversation: listen, whisper, barge, take over."""

import structlog

from ari_app.ari.errors import AriError, AriNotFound
from ari_app.calls.call_services import CallServices, PopMaker
from ari_app.calls.control.arrangement import AGENT_TALKS, places
from ari_app.calls.control.ear import SUPERVISOR_LEG, Ear
from ari_app.calls.control.errors import NotNow, TargetBusy
from ari_app.calls.control.model import (
    MODES,
    Party,
    Supervisor,
    SupervisorAction,
    SupervisorCommand,
    Target,
    TargetKind,
)
from ari_app.calls.control.rejoining import Rejoining
from ari_app.calls.control.segments import Segments
from ari_app.calls.model import CallState
from ari_app.desk.call_states import ControlStage, SupervisionMode
from crm.history.model import StoryStep
from foundation.clock import milliseconds, utc_now
from foundation.crashpoint import crashpoint
from foundation.ids import new_id

SUPERVISOR_RING_S = 20.0
TOLD: dict[SupervisionMode, StoryStep] = {
    SupervisionMode.LISTEN: StoryStep.LISTENED,
    SupervisionMode.WHISPER: StoryStep.WHISPERED,
    SupervisionMode.BARGE: StoryStep.BARGED,
}
TAKEN_FROM = frozenset({ControlStage.TALKING, ControlStage.HELD})
"""Stages without a third party, in which a supervisor can take the call over."""

log = structlog.get_logger()


class Supervising(Rejoining):
    """Steps of a conversation with a supervisor, who is with its agent.

    The supervision ends when the agent leaves the call. Its failures never disturb customer and agent.
    """

    def __init__(self, services: CallServices, state: CallState, make_pop: PopMaker | None, segments: Segments) -> None:
        super().__init__(services, state, make_pop, segments)
        self._ear = Ear(services.ari, state.id)

    @property
    def _supervisor(self) -> Supervisor | None:
        return self._state.control.supervisor if self._state.control is not None else None

    # Commands

    def _check_supervision(self, command: SupervisorCommand) -> None:
        """Refuse a command that the stage or another supervisor forbids.

        Raises:
            NotNow: with the reason.
        """
        if command.action is SupervisorAction.MOVE:
            raise NotNow("the caller waits no more")
        supervisor, party, own = self._supervisor, self.control.party, command.supervisor.id
        if supervisor is not None and supervisor.target.id != own:
            raise NotNow(f"supervisor {supervisor.target.staff_number} is with this call")
        if command.action is SupervisorAction.LEAVE:
            if supervisor is None:
                raise NotNow("the supervisor is not with this call")
            return
        if own == self.talk.agent_id or (party is not None and party.target.id == own):
            raise NotNow("the supervisor is a party of the call")
        if self.stage not in AGENT_TALKS:
            raise NotNow(f"no agent is in the call while it is {self.stage.value}")
        if command.action is SupervisorAction.TAKE_OVER and self.stage not in TAKEN_FROM:
            raise NotNow(f"the call cannot be taken over while it is {self.stage.value}")

    async def _supervise(self, command: SupervisorCommand) -> None:
        supervisor, action = self._supervisor, command.action
        if action is SupervisorAction.LEAVE:
            await self._end_supervision()
        elif supervisor is None:
            await self._ring_supervisor(command)
        elif not supervisor.up:
            supervisor.mode, supervisor.taking_over = MODES[action], action is SupervisorAction.TAKE_OVER
            self._services.store.put(self._state)
        elif action is SupervisorAction.TAKE_OVER:
            await self._take_the_call(supervisor)
        elif supervisor.mode is not MODES[action]:
            await self._change_mode(supervisor, MODES[action])

    async def _ring_supervisor(self, command: SupervisorCommand) -> None:
        """Ring the supervisor's phone.

        Raises:
            TargetBusy: it cannot be rung; nothing has changed.
        """
        action = command.action
        supervisor = self.control.supervisor = Supervisor(
            new_id(SUPERVISOR_LEG),
            command.supervisor,
            MODES[action],
            milliseconds(utc_now()),
            silent=command.silent,
            taking_over=action is SupervisorAction.TAKE_OVER,
        )
        await self._services.store.save(self._state)
        crashpoint("supervisor-asked")
        endpoint = supervisor.target.endpoint
        try:
            await self._parties.ring_agent(endpoint, supervisor.channel_id, SUPERVISOR_RING_S, self._listen)
        except AriError as error:
            await self._end_supervision()
            raise TargetBusy("the supervisor's phone cannot be rung: it is not registered") from error

    async def _change_mode(self, supervisor: Supervisor, mode: SupervisionMode) -> None:
        """Give the supervisor another part in the call."""
        # Before anything is made: a whisper must not outlive its mode.
        await self._ear.close(supervisor)
        if supervisor.mode is SupervisionMode.BARGE:
            self._seating.forget(supervisor.channel_id)
        supervisor.mode, supervisor.since_ms = mode, milliseconds(utc_now())
        self._tell_supervision(TOLD[mode], supervisor)
        await self._services.store.save(self._state)
        crashpoint(f"supervision-{mode.value}")
        await self._arrange()
        await self._show()

    async def _take_the_call(self, supervisor: Supervisor) -> None:
        """Make the call the supervisor's: the agent leaves it.

        Raises:
            TargetBusy: the supervisor has another call.
        """
        talk, target = self.talk, supervisor.target
        if not await self._parties.occupy(target.id, serving=False):
            raise TargetBusy("the supervisor is in another call")
        agent = Target(TargetKind.AGENT, talk.agent_id, staff_number=talk.staff_number)
        self._tell(StoryStep.TOOK_OVER, agent, by=target.id)
        await self._ear.drop(supervisor, keeps_leg=True)
        # From here on it is a transfer, without music, which an adopting process completes.
        control, now_ms = self.control, milliseconds(utc_now())
        control.supervisor, control.party = None, Party(supervisor.channel_id, target)
        control.stage, control.since_ms = ControlStage.TRANSFERRING, now_ms
        control.until_ms = now_ms + round(SUPERVISOR_RING_S * 1000)
        await self._services.store.save(self._state)
        crashpoint("taking-over")
        await self._become_agent(self._party())

    # Events

    async def _answered(self, channel_id: str) -> None:
        supervisor = self._supervisor
        if supervisor is not None and channel_id == supervisor.channel_id:
            await self._supervisor_answered(supervisor)
        elif supervisor is not None and channel_id == supervisor.ear_id:
            await self._without_harm(supervisor, joins=True)
        else:
            await super()._answered(channel_id)

    async def _supervisor_answered(self, supervisor: Supervisor) -> None:
        supervisor.up, supervisor.since_ms = True, milliseconds(utc_now())
        if supervisor.taking_over and self.stage in TAKEN_FROM:
            try:
                await self._take_the_call(supervisor)
            except TargetBusy:
                await self._end_supervision()
            return
        self._tell_supervision(TOLD[supervisor.mode], supervisor)
        await self._services.store.save(self._state)
        await self._arrange()
        await self._show()

    async def _supervisor_ended(self) -> None:
        """The supervisor hung up, did not answer, or vanished."""
        await self._end_supervision()

    async def _agent_lost(self) -> None:
        """Leave the customer to a supervisor who barged in."""
        supervisor = self._supervisor
        if supervisor is not None and supervisor.barging and self.stage in TAKEN_FROM:
            await self._take_the_call(supervisor)
        else:
            await super()._agent_lost()

    # Steps

    async def _arrange(self) -> None:
        if self.stage not in AGENT_TALKS and self._supervisor is not None:
            await self._remove_supervisor()
        await super()._arrange()
        supervisor = self._supervisor
        if supervisor is not None and supervisor.up:
            await self._without_harm(supervisor)

    async def _without_harm(self, supervisor: Supervisor, *, joins: bool = False) -> None:
        """Seat the supervisor; a failure ends the supervision alone."""
        try:
            if joins:
                await self._ear.join(supervisor)
            else:
                await self._seat(supervisor)
        except AriNotFound:
            return  # a leg is gone: its own event follows
        except AriError as error:
            log.warning("supervisor_not_seated", supervisor=supervisor.target.id, error=str(error))
            await self._remove_supervisor()
            await self._show()

    async def _seat(self, supervisor: Supervisor) -> None:
        """Put the supervisor where the mode says. Idempotent."""
        if supervisor.barging:
            talking, held = places(self._state)
            await self._seating.seat(talking=[*talking, supervisor.channel_id], held=held)
        elif self._ear.wanted(supervisor):
            await self._ear.close(supervisor)
            self._listen(self._ear.choose(supervisor))
            await self._services.store.save(self._state)
            await self._ear.make(supervisor, self.talk.channel_id)

    async def _end_supervision(self) -> None:
        """Remove the supervisor; customer and agent go on."""
        await self._remove_supervisor()
        await self._arrange()
        await self._show()

    async def _remove_supervisor(self) -> None:
        supervisor = self._supervisor
        if supervisor is None:
            return
        self.control.supervisor = None
        self._seating.forget(supervisor.channel_id)
        if supervisor.up:
            self._tell_supervision(StoryStep.SUPERVISION_ENDED, supervisor)
        await self._services.store.save(self._state)
        await self._ear.drop(supervisor)

    async def _take_over(self) -> None:
        supervisor = self._supervisor
        if supervisor is not None:
            await self._find_supervisor(supervisor)
        await super()._take_over()

    async def _find_supervisor(self, supervisor: Supervisor) -> None:
        """Find out what became of the supervisor of an adopted call."""
        self._listen(supervisor.channel_id)
        if supervisor.ear_id is not None:
            self._listen(supervisor.ear_id)
        if not await self._exists(supervisor.channel_id):
            await self._remove_supervisor()
        elif supervisor.up:
            await self._ear.resume(supervisor)
        elif await self._there(supervisor.channel_id):
            supervisor.up = True
            self._tell_supervision(TOLD[supervisor.mode], supervisor)

    def _tell_supervision(self, step: StoryStep, supervisor: Supervisor) -> None:
        agent = Target(TargetKind.AGENT, self.talk.agent_id)
        self._tell(step, agent, by=supervisor.target.id)
