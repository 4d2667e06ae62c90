"""Conversation of customer and agent: one loop over events and commands."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from enum import StrEnum

import structlog

from ari_app.ari.dispatch import Inbox
from ari_app.ari.errors import AriError, AriNotFound, NotInStasis
from ari_app.ari.events import (
    ChannelDestroyed,
    ChannelHangupRequest,
    ChannelHold,
    ChannelUnhold,
    Event,
    StasisEnd,
    StasisStart,
)
from ari_app.calls.agent_voices import VoiceBack, VoiceLost
from ari_app.calls.call_services import CallServices, PopMaker
from ari_app.calls.control.command_inbox import Commanded, CommandInbox
from ari_app.calls.control.errors import CallOutOfReach, NotNow
from ari_app.calls.control.model import (
    ORDERLY,
    AnyCommand,
    CallCommand,
    SupervisorCommand,
    TargetKind,
    allowed,
    third_allowed,
)
from ari_app.calls.control.segments import Segments
from ari_app.calls.control.supervising import TAKEN_FROM, Supervising
from ari_app.calls.model import CallState
from ari_app.desk.call_states import CallAction, ControlStage, Direction
from crm.history.model import StoryStep
from foundation.clock import milliseconds, utc_now
from foundation.problems import Problem

KEYS = 16
"""Idempotency keys that a call remembers."""
MISSES_VOICE = frozenset({ControlStage.TALKING, ControlStage.HELD, ControlStage.CONSULTING, ControlStage.SWAPPED})
"""Stages in which the others get music while no sound comes from the agent; other stages go on."""

log = structlog.get_logger()


class ConversationEnd(StrEnum):
    """Result of a conversation."""

    HUNG_UP = "hung_up"
    """A party hung up, which ends the call."""
    SENT_ON = "sent_on"
    """The customer goes to a queue, which the call's state names."""


class Conversation(Supervising):
    """Part of a call that connects an agent and the customer.

    Events of all legs and commands arrive in one inbox, in one order; each is carried out to its end before the next.
    Every stage is stored before it is acted out. Without a command or a loss it does nothing but wait.
    """

    def __init__(
        self,
        services: CallServices,
        state: CallState,
        make_pop: PopMaker | None,
        commands: CommandInbox,
        segments: Segments,
    ) -> None:
        super().__init__(services, state, make_pop, segments)
        self._commands = commands
        self._end: ConversationEnd | None = None
        self._steps: dict[CallAction, Callable[[CallCommand], Awaitable[None]]] = {
            CallAction.HOLD: self._hold,
            CallAction.RESUME: self._resume,
            CallAction.MUTE: lambda command: self._mute(command.agent_id, True),
            CallAction.UNMUTE: lambda command: self._mute(command.agent_id, False),
            CallAction.DIGITS: lambda command: self._press(command.digits),
            CallAction.PAUSE_RECORDING: lambda _: self._pause_recording(True),
            CallAction.RESUME_RECORDING: lambda _: self._pause_recording(False),
            CallAction.RECONNECT: self._reconnect_leg,
            CallAction.TRANSFER: self._transfer,
            CallAction.CONSULT: self._consult,
            CallAction.SWAP: lambda _: self._swap(),
            CallAction.CANCEL: lambda _: self._cancel(),
            CallAction.COMPLETE: lambda _: self._complete(),
            CallAction.THREE_PARTY: lambda _: self._join(),
            CallAction.LEAVE: lambda _: self._hand_over(),
            CallAction.PARK: lambda _: self._park(),
            CallAction.PICK_UP: self._pick_up,
            CallAction.HANG_UP: self._hang_up,
        }
        self._ended_leg: str | None = None
        """The last agent's leg that ended by itself."""

    @property
    def agent_gone(self) -> bool:
        """Tell whether the agent's leg ended by itself."""
        return self._ended_leg == self.talk.channel_id

    async def run(self, inbox: Inbox, *, adopted: bool) -> ConversationEnd:
        """Carry the conversation to its end.

        Args:
            inbox: events of the agent's leg.
            adopted: another process began it.

        Raises:
            AriNotFound, NotInStasis: the customer hung up.
        """
        self._inbox = inbox
        try:
            with ExitStack() as self._listening, self._commands.opened(inbox):
                if adopted and self._state.control is not None:
                    await self._carefully(self._take_over)
                while self._end is None:
                    await self._take(await self._next())
            return self._end
        finally:
            self._seating.stop()
            if self._services.life.leaving:
                self._segments.leave()

    async def _next(self) -> Event | None:
        """Return the next event; None where the stage's time is over."""
        assert self._inbox is not None, "running"
        until_ms = self._until_ms
        if until_ms is None:
            return await self._inbox.get()
        left_s = (until_ms - milliseconds(utc_now())) / 1000
        try:
            async with asyncio.timeout(max(0.0, left_s)):
                return await self._inbox.get()
        except TimeoutError:
            return None

    async def _take(self, event: Event | None) -> None:
        if isinstance(event, Commanded):
            await self._obey(event)
            return
        if event is None:
            await self._carefully(self._time_over)
        elif isinstance(event, ChannelHold | ChannelUnhold):
            await self._held_by_phone(event.channel.id, isinstance(event, ChannelHold))
        elif isinstance(event, StasisStart):
            await self._carefully(lambda: self._answered(event.channel.id))
        elif isinstance(event, VoiceLost | VoiceBack):
            await self._voice_changed(event)
        elif isinstance(event, StasisEnd | ChannelDestroyed | ChannelHangupRequest):
            await self._leg_ended(event)

    async def _leg_ended(self, event: StasisEnd | ChannelDestroyed | ChannelHangupRequest) -> None:
        talk, party = self.talk, self.control.party if self._state.control is not None else None
        ended, supervisor = event.channel.id, self._supervisor
        if party is not None and ended == party.channel_id:
            await self._carefully(lambda: self._party_leg_ended(event))
        elif supervisor is not None and ended == supervisor.channel_id:
            await self._carefully(self._supervisor_ended)
        elif ended == talk.channel_id and self._state.control is not None and self.stage is ControlStage.RETURNING:
            await self._carefully(self._not_returned)
        elif ended == talk.channel_id and self._agent_there():
            cause = None if isinstance(event, StasisEnd) else event.cause
            if not cause and not isinstance(event, ChannelDestroyed):
                return  # the end of the channel names the cause
            if (cause or 0) in ORDERLY:
                await self._agent_hung_up()
            else:
                log.info("agent_leg_lost", agent_id=talk.agent_id, cause=cause)
                await self._carefully(self._agent_lost)

    async def _voice_changed(self, event: VoiceLost | VoiceBack) -> None:
        party, is_lost = self.control.party if self._state.control is not None else None, isinstance(event, VoiceLost)
        if event.leg_id == self.talk.channel_id:
            await self._carefully(self._voice_lost if is_lost else self._voice_back)
        elif party is not None and event.leg_id == party.channel_id:
            await self._carefully(self._party_voice_lost if is_lost else self._party_voice_back)

    async def _voice_lost(self) -> None:
        """No sound arrives: music, until it does, or the agent reconnects."""
        if self._state.control is None or self.stage in MISSES_VOICE:
            log.info("agent_voice_lost", agent_id=self.talk.agent_id)
            await self._miss_agent()

    async def _voice_back(self) -> None:
        """Go on: the leg that was silent is still there."""
        if self.stage is ControlStage.AWAY:
            await self._come_back()

    async def _agent_hung_up(self) -> None:
        """End the call, or leave the customer with the third party."""
        self._ended_leg = self.talk.channel_id
        supervisor = self._supervisor
        if supervisor is not None and supervisor.barging and self.stage in TAKEN_FROM:
            await self._carefully(self._agent_lost)
            return
        if self._is_unserved() and self.stage is ControlStage.TALKING:
            await self._carefully(self._give_back)
            return
        if self._state.control is None or self.stage is ControlStage.TALKING:
            self._end = ConversationEnd.HUNG_UP
            return
        await self._carefully(self._agent_withdrew)

    async def _obey(self, given: Commanded) -> None:
        """Carry a command out, and answer it."""
        command, answer = given.command, given.answer
        if answer.done():
            return  # its sender waits no more, and may have given it again
        try:
            if not (command.key and self._state.control is not None and command.key in self.control.keys):
                await self._carry_out(command)
                self._remember(command)
        except Problem as problem:
            answer.set_exception(problem)
        except (AriNotFound, NotInStasis):
            answer.set_exception(NotNow("a phone hung up meanwhile"))
            await self._customer_there()
        except AriError as error:
            log.warning("command_failed", action=command.action.value, error=str(error))
            answer.set_exception(CallOutOfReach("Asterisk did not carry it out"))
            if not isinstance(command, SupervisorCommand) or self._supervisor is None:
                await self._carefully(self._keep_safe)
        else:
            answer.set_result(None)
            return
        await self._show()

    def _check(self, command: CallCommand) -> None:
        """Refuse a command that the stage or the agent's role forbids.

        Raises:
            NotNow: with the reason.
        """
        party = self.control.party
        if command.action is CallAction.PICK_UP:
            pass
        elif party is not None and party.target.kind is TargetKind.AGENT and party.target.id == command.agent_id:
            if command.action not in third_allowed(self.control):
                raise NotNow(f"an agent who is consulted cannot {command.action.value} now")
            return
        elif command.agent_id == self._state.called_agent:
            if command.action is not CallAction.HANG_UP:
                raise NotNow("an agent who was called can only hang up")
            return
        elif self.talk.agent_id != command.agent_id or self.talk.released:
            raise NotNow("the call is another agent's by now")
        if command.action not in allowed(self.control, internal=self._state.direction is Direction.INTERNAL):
            if party is not None and party.away:
                raise NotNow(f"{command.action.value} is not possible while the colleague's phone is away")
            raise NotNow(f"{command.action.value} is not possible while the call is {self.stage.value}")

    def _remember(self, command: AnyCommand) -> None:
        if command.key:
            self.control.keys = [*self.control.keys[1 - KEYS :], command.key]
            self._services.store.put(self._state)

    async def _carry_out(self, command: AnyCommand) -> None:
        """Carry a command out where it is allowed.

        Raises:
            NotNow: it is not.
        """
        if isinstance(command, SupervisorCommand):
            self._check_supervision(command)
            await self._supervise(command)
            return
        self._check(command)
        await self._steps[command.action](command)

    async def _hold(self, _: CallCommand) -> None:
        self._tell(StoryStep.HELD)
        await self._enter(ControlStage.HELD)

    async def _resume(self, _: CallCommand) -> None:
        self._tell(StoryStep.RESUMED)
        await self._enter(ControlStage.TALKING)

    async def _reconnect_leg(self, command: CallCommand) -> None:
        is_own = command.agent_id == self.talk.agent_id and not self.talk.released
        await (self._reconnect() if is_own else self._reconnect_party())

    async def _hang_up(self, command: CallCommand) -> None:
        if command.agent_id not in {self.talk.agent_id, self._state.called_agent}:
            await self._party_ended()
        elif self._is_unserved() and self.stage is ControlStage.TALKING:
            await self._give_back()
        else:
            self._end = ConversationEnd.HUNG_UP

    async def _held_by_phone(self, channel_id: str, held: bool) -> None:
        """Note a hold by the agent's own phone, or its end."""
        if channel_id != self.talk.channel_id or self.control.held_by_phone == held:
            return
        self.control.held_by_phone = held
        self._tell(StoryStep.HELD_BY_PHONE if held else StoryStep.RESUMED_BY_PHONE)
        self._count_hold()
        self._services.store.put(self._state)
        await self._show()

    def _sent_on(self) -> None:
        self._end = ConversationEnd.SENT_ON

    def _over(self) -> None:
        self._end = ConversationEnd.HUNG_UP
