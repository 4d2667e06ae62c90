"""Stages of a conversation acted out: who is moved, rung, released."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from dataclasses import replace

import structlog

from ari_app.ari.dispatch import Inbox
from ari_app.ari.errors import AriError, AriNotFound, NotInStasis
from ari_app.calls.call_services import CallServices, PopMaker
from ari_app.calls.control.arrangement import AGENT_TALKS, CUSTOMER_TALKS, places, recorded
from ari_app.calls.control.errors import NotNow
from ari_app.calls.control.model import TRANSITIONS, Control, Party, StoryEntry, Target, TargetKind
from ari_app.calls.control.parties import Parties
from ari_app.calls.control.ringback import RingbackTone
from ari_app.calls.control.seating import Seating
from ari_app.calls.control.segments import Segments
from ari_app.calls.control.view import call_changed
from ari_app.calls.log_lines import log_step
from ari_app.calls.model import CallState, Talk
from ari_app.desk.call_states import ControlStage
from ari_app.queues.settings import HEAD_OF_QUEUE
from crm.history.model import StoryStep
from foundation.clock import milliseconds, utc_now
from foundation.crashpoint import crashpoint
from foundation.ids import new_id
from foundation.problems import Problem
from ivr.walker import ToQueue

STORY = 200
"""Entries of one call's story."""
HANDED_OVER = "handed-over"
"""The reservation of an agent whom no match reserved."""
PHONE_LOST = "phone_lost"
"""Reason of an agent who is not ready because the phone vanished in a call."""

_S = ControlStage
RESUMED = frozenset({_S.HELD, _S.CONSULTING, _S.SWAPPED, _S.THREE_PARTY})
"""Stages that an agent finds again as they were left."""

COMING_BACK = frozenset({_S.RETURNING, _S.AWAY, _S.TALKING})
"""Stages in which the desk still says that a transfer failed."""

log = structlog.get_logger()


class Handing:
    """Everything a conversation does with its parties."""

    def __init__(self, services: CallServices, state: CallState, make_pop: PopMaker | None, segments: Segments) -> None:
        assert state.talk is not None, "connected"
        self._services = services
        self._state = state
        self._segments = segments
        self._parties = Parties(services, state, make_pop)
        settings = services.queues.settings_of(state.home_queue or "usual")
        self._seating = Seating(services.ari, services.holding, state.talk.bridge_id, settings)
        self._seating.begin([state.channel_id, state.talk.channel_id] if state.control is None else [])
        self._tone = RingbackTone(services.ari, state)
        self._inbox: Inbox | None = None
        self._listening = ExitStack()

    @property
    def talk(self) -> Talk:
        assert self._state.talk is not None, "connected"
        return self._state.talk

    @property
    def control(self) -> Control:
        """Return the conversation's stage with its details, made when first needed."""
        if self._state.control is None:
            self._state.control = Control(self.talk.connected_at_ms or milliseconds(utc_now()))
        return self._state.control

    @property
    def stage(self) -> ControlStage:
        return self.control.stage

    # Stages

    async def _enter(self, stage: ControlStage, *, ends_in_s: float | None = None, gone: Party | None = None) -> None:
        """Store a stage, and act it out.

        The desk names a third party who is `gone`.

        Raises:
            AriError: Asterisk did not let the parties talk.
        """
        control, now_ms = self.control, milliseconds(utc_now())
        assert stage in TRANSITIONS[control.stage], f"{control.stage} → {stage}"
        if stage not in COMING_BACK or control.stage is _S.HELD:
            control.returned_from = gone
        control.stage, control.since_ms = stage, now_ms
        control.until_ms = None if ends_in_s is None else now_ms + round(ends_in_s * 1000)
        self._count_hold()
        await self._services.store.save(self._state)
        crashpoint(f"control-{stage.value}")
        await self._arrange()
        crashpoint(f"arranged-{stage.value}")
        await self._show()

    async def _arrange(self) -> None:
        """Seat and record the parties as the stage says. Idempotent."""
        talking, held = places(self._state)
        self._segments.change(recorded(self._state))
        await self._tone.end_before(self.stage)
        await self._seating.seat(talking=talking, held=held)
        await self._tone.begin(self.stage)

    async def _take_over(self) -> None:
        """Seat the legs of an adopted conversation as its stage says."""
        control, talk = self.control, self.talk
        channels = [self._state.channel_id, talk.channel_id]
        if control.party is not None:
            self._listen(control.party.channel_id)
            channels.append(control.party.channel_id)
        if control.supervisor is not None:
            channels.append(control.supervisor.channel_id)
        self._segments.resume()
        await self._seating.take_over(channels)
        if self._agent_there() and not await self._there(talk.channel_id):
            await self._agent_lost()
        elif self.stage is _S.RETURNING and not await self._exists(talk.channel_id):
            await self._not_returned()
        elif self.stage is _S.RETURNING and await self._there(talk.channel_id):
            await self._answered(talk.channel_id)
        party = control.party
        if party is not None and not party.away and not await self._exists(party.channel_id):
            await self._party_ended()
        elif party is not None and (party.away or not party.up) and await self._there(party.channel_id):
            await self._answered(party.channel_id)
        await self._arrange()
        await self._show()

    async def _keep_safe(self) -> None:
        """Give the customer music after a step that failed."""
        if self.stage in {_S.TALKING, _S.SWAPPED, _S.CONSULTING, _S.THREE_PARTY}:
            self.control.stage = _S.HELD if self.control.party is None else _S.CONSULTING
            self.control.since_ms = milliseconds(utc_now())
            self._count_hold()
            self._services.store.put(self._state)
            self._seating.forget(self._state.channel_id)
            await self._arrange()

    async def _carefully(self, step: Callable[[], Awaitable[None]]) -> None:
        """Carry out a step that no command waits for.

        Raises:
            AriNotFound, NotInStasis: the customer hung up.
        """
        try:
            await step()
        except (AriNotFound, NotInStasis):
            await self._customer_there()
        except AriError as error:
            log.warning("conversation_step_failed", stage=self.stage.value, error=str(error))

    async def _customer_there(self) -> None:
        """Find out which leg a refused request was about.

        Raises:
            AriNotFound: the customer hung up.
        """
        try:
            await self._services.ari.channel(self._state.channel_id)
        except AriNotFound:
            raise
        except AriError as error:
            log.warning("customer_not_checked", error=str(error))

    async def _there(self, channel_id: str) -> bool:
        """Tell whether a leg is in our application."""
        try:
            channel = await self._services.ari.channel(channel_id)
        except AriNotFound:
            return False
        return channel.stasis_arguments(self._services.ari.application) is not None

    async def _exists(self, channel_id: str) -> bool:
        """Tell whether a leg exists, ringing or answered."""
        try:
            await self._services.ari.channel(channel_id)
        except AriNotFound:
            return False
        return True

    def _agent_there(self) -> bool:
        """Tell whether the stage has an agent with a leg."""
        return self._state.control is None or self.stage in AGENT_TALKS

    # Events of the legs

    async def _answered(self, channel_id: str) -> None:
        if self.stage is _S.RETURNING and channel_id == self.talk.channel_id:
            await self._come_back()

    async def _come_back(self) -> None:
        """Go on where the agent was lost."""
        control = self.control
        control.away_until_ms = None
        self._tell(StoryStep.RETURNED)
        await self._enter(control.back_to or _S.TALKING)

    async def _time_over(self) -> None:
        """End a stage: its time is over."""
        if self.stage is _S.RETURNING:
            await self._parties.hang_up(self.talk.channel_id)
            await self._not_returned()
        elif self.stage is _S.AWAY:
            await self._give_up_agent()
        else:
            self.control.until_ms = None

    async def _party_ended(self) -> None:
        """A third party hung up, or did not answer."""

    async def _agent_withdrew(self) -> None:
        """The agent hung up while the customer hears music."""
        await self._agent_lost()

    async def _agent_lost(self) -> None:
        """The agent's leg vanished: music, until the agent reconnects."""
        self._seating.forget(self.talk.channel_id)
        if self.stage is _S.RETURNING:
            await self._not_returned()
        else:
            await self._miss_agent()

    async def _miss_agent(self) -> None:
        """Give the others music, and wait for the agent."""
        control, wait_s = self.control, self._services.reconnect_s
        self._tell(StoryStep.LOST)
        control.back_to = self.stage if self.stage in RESUMED else None
        control.away_until_ms = milliseconds(utc_now()) + round(wait_s * 1000)
        control.held_by_phone = False
        await self._enter(_S.AWAY, ends_in_s=wait_s)

    async def _reconnect(self) -> None:
        """Ring the agent's phone into the same bridge.

        Raises:
            NotNow: the phone cannot be rung.
        """
        phone = self._services.agents.phone(self.talk.agent_id)
        if phone is None:
            raise NotNow("the agent has no phone")
        former = self.talk.channel_id
        if self.stage is not _S.AWAY:
            # The page came back before its voice was missed.
            await self._miss_agent()
        self._seating.forget(former)
        await self._parties.hang_up(former)
        if not await self._ring_back(f"PJSIP/{phone.endpoint}"):
            raise NotNow("the phone cannot be rung: it is not registered")

    async def _ring_back(self, endpoint: str) -> bool:
        """Ring the agent's phone into the call; False without success."""
        ring_s = self._services.queues.settings_of(self._state.home_queue or "").ring_s
        self.talk.channel_id, self.talk.rung = new_id("agent-leg"), False
        self.control.muted = False
        await self._enter(_S.RETURNING, ends_in_s=ring_s)
        try:
            await self._parties.ring_agent(endpoint, self.talk.channel_id, ring_s, self._listen)
        except AriError as error:
            log.warning("agent_not_rung_back", agent_id=self.talk.agent_id, error=str(error))
            await self._not_returned()
            return False
        self.talk.rung = True
        self._services.store.put(self._state)
        return True

    async def _not_returned(self) -> None:
        """Wait for another try, or give the agent up: no answer."""
        until_ms, now_ms = self.control.away_until_ms, milliseconds(utc_now())
        if until_ms is not None and until_ms > now_ms:
            await self._enter(_S.AWAY, ends_in_s=(until_ms - now_ms) / 1000)
        else:
            await self._give_up_agent()

    async def _give_up_agent(self) -> None:
        """Send the customer to the head of the queue."""
        if self.control.away_until_ms is not None:
            with suppress(Problem):
                await self._services.queues.not_ready(self.talk.agent_id, PHONE_LOST)
        self._to_queue(self._state.home_queue, head=True)

    def _to_queue(self, queue: str | None, *, head: bool) -> None:
        """End the conversation: the customer waits for another agent."""
        state = self._state
        if queue is None:
            self._over()
            return
        target = state.target or ToQueue(queue, state.kind or queue)
        priority = HEAD_OF_QUEUE if head else target.priority
        state.target = replace(target, queue=queue, priority=priority)
        state.preferred = []
        state.returned_at_ms = milliseconds(utc_now())
        self._tell(StoryStep.QUEUED, Target(TargetKind.QUEUE, queue))
        self._sent_on()

    def _sent_on(self) -> None:
        raise NotImplementedError

    def _over(self) -> None:
        raise NotImplementedError

    # Details

    async def _mute(self, agent_id: str, muted: bool) -> None:
        """Mute the agent of the call, or the one who is consulted."""
        ari, control = self._services.ari, self.control
        is_third = agent_id != self.talk.agent_id and control.party is not None
        muted_one = control.party if is_third and control.party is not None else control
        channel_id = muted_one.channel_id if isinstance(muted_one, Party) else self.talk.channel_id
        await (ari.mute(channel_id, "in") if muted else ari.unmute(channel_id, "in"))
        muted_one.muted = muted
        self._services.store.put(self._state)
        await self._show()

    async def _press(self, digits: str) -> None:
        """Press keys towards the party that the agent hears."""
        party = self.control.party
        to_third = party is not None and self.stage is _S.CONSULTING
        channel_id = party.channel_id if party is not None and to_third else self._state.channel_id
        await self._services.ari.send_dtmf(channel_id, digits)

    async def _pause_recording(self, paused: bool) -> None:
        self.control.recording_paused = paused
        self._services.store.put(self._state)
        self._segments.change(recorded(self._state))
        await self._show()

    def _listen(self, channel_id: str) -> None:
        """Receive a further leg's events."""
        assert self._inbox is not None, "running"
        self._listening.enter_context(self._services.dispatcher.joined(channel_id, self._inbox))

    def _tell(self, step: StoryStep, target: Target | None = None, *, note: str = "", by: str | None = None) -> None:
        """Add a step to the call's story; `by` another than the agent."""
        is_number = target is not None and target.kind is TargetKind.NUMBER
        known = target.id if target is not None else None
        entry = StoryEntry(
            milliseconds(utc_now()),
            step,
            by or self.talk.agent_id or None,
            None if is_number else known,
            known if is_number else None,
            note or None,
        )
        self._state.story = [*self._state.story, entry][-STORY:]
        if step is not StoryStep.QUEUED:  # which the waiting logs
            log_step(step.value, by or self.talk.agent_id, entry.target)

    def _count_hold(self) -> None:
        """Count the time for which the customer hears music."""
        state, now_ms = self._state, milliseconds(utc_now())
        held = self.stage not in CUSTOMER_TALKS or self.control.held_by_phone
        if held and state.held_since_ms is None:
            state.held_since_ms = now_ms
        elif not held and state.held_since_ms is not None:
            state.held_ms += now_ms - state.held_since_ms
            state.held_since_ms = None

    async def _show(self) -> None:
        """Show the call to the agents who are in it."""
        desks, state = self._services.desks, self._state
        await asyncio.gather(*(desks.call_changed(agent, call_changed(state, agent)) for agent in state.agents))
