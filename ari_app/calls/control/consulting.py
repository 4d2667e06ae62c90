"""Transfers, consultations, three-party calls and parking."""

from ari_app.ari.errors import AriError
from ari_app.calls.control.errors import TargetBusy
from ari_app.calls.control.handing import HANDED_OVER, Handing
from ari_app.calls.control.model import CallCommand, Handover, Party, Target, TargetKind
from ari_app.calls.control.view import call_left
from ari_app.calls.model import LegStage, Talk
from ari_app.desk.call_states import ControlStage
from crm.history.model import StoryStep
from foundation.clock import milliseconds, utc_now
from foundation.problems import Problem
from foundation.tasks import shield_until_done

PARKED_S = 180.0
"""How long a parked call waits for an agent, before it goes to the head of the queue."""
SETTLING_MS = 10_000
"""A target that hangs up sooner did not serve the customer: nothing is asked and answered in less, a wrong key is."""

_S = ControlStage
WITH_THIRD = frozenset({_S.TRANSFERRING, _S.CONSULT_RINGING, _S.CONSULTING, _S.SWAPPED, _S.THREE_PARTY, _S.LEFT})
"""Stages with a third party."""
AGENT_LEFT = frozenset({_S.TRANSFERRING, _S.LEFT, _S.PARKED})
"""Stages in which the agent is in the call no more."""
NOT_HEARD = frozenset({_S.TRANSFERRING, _S.CONSULTING, _S.SWAPPED})
"""Stages in which the third party has not talked with the customer."""


class Consulting(Handing):
    """Steps of a conversation with a third party."""

    # Commands

    async def _transfer(self, command: CallCommand) -> None:
        """Transfer blindly: the agent leaves at once.

        Raises:
            TargetBusy: the target cannot be rung; nothing has changed.
        """
        target = command.target
        assert target is not None, "checked"
        self._tell(StoryStep.TRANSFERRED, target, note=command.note)
        if target.kind is TargetKind.QUEUE:
            self._to_queue(target.id, head=command.to_head)
            return
        if target.kind is TargetKind.FLOW:
            self._state.flow, self._state.target = target.id, None
            self._state.returned_at_ms = milliseconds(utc_now())
            self._sent_on()
            return
        await self._call(target)
        await self._enter(_S.TRANSFERRING, ends_in_s=self._parties.ring_s(target))
        await self._let_agent_go()

    async def _consult(self, command: CallCommand) -> None:
        """Ring a third party while the customer hears music.

        Raises:
            TargetBusy: the target cannot be rung; nothing has changed.
        """
        target = command.target
        assert target is not None, "checked"
        self._tell(StoryStep.CONSULTED, target, note=command.note)
        await self._call(target)
        await self._enter(_S.CONSULT_RINGING, ends_in_s=self._parties.ring_s(target))

    async def _swap(self) -> None:
        self._tell(StoryStep.SWAPPED)
        await self._enter(_S.SWAPPED if self.stage is _S.CONSULTING else _S.CONSULTING)

    async def _cancel(self) -> None:
        """Hang the third party up: agent and customer talk again."""
        await self._drop_party()
        self._tell(StoryStep.RESUMED)
        await self._enter(_S.TALKING)

    async def _complete(self) -> None:
        """Leave the customer to the third party, before or after its answer."""
        if self.stage is not _S.CONSULT_RINGING:
            await self._hand_over()
            return
        party, until_ms = self._party(), self.control.until_ms or 0
        self._tell(StoryStep.TRANSFERRED, party.target)
        await self._enter(_S.TRANSFERRING, ends_in_s=max(0, until_ms - milliseconds(utc_now())) / 1000)
        await self._let_agent_go()

    async def _join(self) -> None:
        self._tell(StoryStep.JOINED, self._party().target)
        await self._enter(_S.THREE_PARTY)

    async def _park(self) -> None:
        self._tell(StoryStep.PARKED)
        self.control.parked_until_ms = milliseconds(utc_now()) + round(PARKED_S * 1000)
        await self._enter(_S.PARKED, ends_in_s=PARKED_S)
        await self._let_agent_go()

    async def _pick_up(self, command: CallCommand) -> None:
        """Ring the agent who takes a parked call.

        Raises:
            TargetBusy: the phone cannot be rung.
        """
        target = command.target
        assert target is not None, "resolved"
        await self._call(target)
        self._tell(StoryStep.PICKED_UP, target)
        await self._enter(_S.TRANSFERRING, ends_in_s=self._parties.ring_s(target))

    # Events

    async def _answered(self, channel_id: str) -> None:
        party = self.control.party
        if party is None or channel_id != party.channel_id:
            await super()._answered(channel_id)
        elif self.stage is _S.TRANSFERRING:
            await self._hand_over()
        elif self.stage is _S.CONSULT_RINGING:
            party.up = True
            self._tell(StoryStep.ANSWERED, party.target)
            await self._enter(_S.CONSULTING)

    async def _time_over(self) -> None:
        if self.stage in {_S.TRANSFERRING, _S.CONSULT_RINGING}:
            await self._party_ended()
        elif self.stage is _S.PARKED:
            self._to_queue(self._state.home_queue, head=True)
        else:
            await super()._time_over()

    async def _party_ended(self) -> None:
        """Go on without the third party."""
        party = self._party()
        answered = party.up
        await self._drop_party(missed=not answered)
        self._tell(StoryStep.LEFT if answered else StoryStep.NOT_ANSWERED, party.target)
        if self.stage is _S.LEFT and self._is_unserved():
            await self._give_back(party)
        elif self.stage is _S.LEFT:
            self._over()
        elif self.stage is _S.TRANSFERRING:
            await self._return_to_sender(party)
        elif self.stage in {_S.CONSULT_RINGING, _S.CONSULTING}:
            # The desk says who did not answer, or hung up.
            await self._enter(_S.HELD, gone=party)
        elif self.stage in {_S.SWAPPED, _S.THREE_PARTY}:
            await self._enter(_S.TALKING)
        elif self.stage in {_S.AWAY, _S.RETURNING}:
            self.control.back_to = _S.HELD if self.control.back_to is _S.CONSULTING else None
            self._services.store.put(self._state)
            await self._show()

    async def _agent_withdrew(self) -> None:
        """Complete what the agent began, as the complete command does."""
        if self.stage is _S.CONSULT_RINGING:
            await self._complete()
        elif self.stage in {_S.CONSULTING, _S.SWAPPED, _S.THREE_PARTY}:
            await self._hand_over(hung_up=True)
        else:
            await super()._agent_withdrew()

    async def _agent_lost(self) -> None:
        if self.stage is _S.THREE_PARTY:
            await self._hand_over()
            return
        await super()._agent_lost()

    async def _miss_agent(self) -> None:
        if self.stage is _S.CONSULT_RINGING:
            await self._drop_party()
        await super()._miss_agent()

    async def _give_up_agent(self) -> None:
        """Leave a conference to the others; else end the consultation."""
        if self.control.party is not None and self.control.back_to is _S.THREE_PARTY:
            await self._hand_over()
            return
        if self.control.party is not None:
            await self._drop_party()
        await super()._give_up_agent()

    # Steps

    async def _call(self, target: Target) -> None:
        """Reserve and ring a third party.

        Raises:
            TargetBusy: it cannot be rung; nothing has changed.
        """
        party = self.control.party = self._parties.party(target)
        # Known before it is reserved: a hang-up in this moment frees the agent all the same. The reservation uses the
        # same connection: when it is answered, the state is stored.
        self._services.store.put(self._state)
        try:
            await self._parties.reserve(target)
        except Problem:
            self.control.party = None
            self._services.store.put(self._state)
            raise
        if target.kind is not TargetKind.AGENT:
            await self._services.store.settled(self._state.id)
        try:
            await self._parties.ring(party, self._listen)
        except AriError as error:
            await self._drop_party()
            raise TargetBusy("the phone cannot be rung: it is not registered") from error
        if target.department_id is not None:
            self._services.share(self._state, target.department_id)

    async def _hand_over(self, *, hung_up: bool = False) -> None:
        """Connect the customer with the third party; the agent leaves, or `hung_up`."""
        party = self._party()
        self._tell(StoryStep.ANSWERED if self.talk.released else StoryStep.TRANSFERRED, party.target)
        party.up = True
        handover = self._handover(hung_up=hung_up)
        if party.target.kind is TargetKind.AGENT:
            await self._become_agent(party, handover)
            return
        await self._let_agent_go()
        self.control.handover = handover
        # Where no agent talked with the customer before.
        self._state.connected_at_ms = self._state.connected_at_ms or milliseconds(utc_now())
        await self._enter(_S.LEFT)

    async def _become_agent(self, party: Party, handover: Handover | None = None) -> None:
        """Make the call the third party's: the agent leaves it."""
        await self._let_agent_go()
        self._pass_to(party.target, party.channel_id)
        control = self.control
        control.party, control.handover, control.returned_from = None, handover, None
        control.muted, control.held_by_phone = party.muted, False
        control.parked_until_ms = None
        if party.away_until_ms is None:
            await self._enter(_S.TALKING)
            return
        # Missed as the agent of the call from now on, who is rung anew.
        await self._parties.hang_up(party.channel_id)
        control.away_until_ms, control.back_to = party.away_until_ms, None
        await self._enter(_S.AWAY, ends_in_s=max(0, party.away_until_ms - milliseconds(utc_now())) / 1000)

    def _pass_to(self, agent: Target, channel_id: str) -> None:
        """Replace the agent of the call."""
        talk, state, now_ms = self.talk, self._state, milliseconds(utc_now())
        state.talked_ms += now_ms - (talk.connected_at_ms or now_ms)
        state.talk = Talk(
            reservation_id=HANDED_OVER,
            agent_id=agent.id,
            staff_number=agent.staff_number,
            agent_name=agent.name,
            channel_id=channel_id,
            bridge_id=talk.bridge_id,
            ring_ms=talk.ring_ms,
            waited_ms=talk.waited_ms,
            recording=talk.recording,
            ended_recordings=talk.ended_recordings,
            stage=LegStage.CONNECTED,
            rung=True,
            connected_at_ms=now_ms,
        )

    def _handover(self, *, hung_up: bool) -> Handover | None:
        """Return a transfer to a target new to the customer; else None."""
        if self.stage not in NOT_HEARD or self.control.parked_until_ms is not None:
            return None
        talk = self.talk
        sender = Target(TargetKind.AGENT, talk.agent_id, talk.agent_name, staff_number=talk.staff_number)
        return Handover(milliseconds(utc_now()) + SETTLING_MS, None if hung_up else sender)

    def _is_unserved(self) -> bool:
        """Tell whether the target of a transfer leaves too early."""
        handover = self._state.control.handover if self._state.control is not None else None
        return handover is not None and milliseconds(utc_now()) < handover.served_at_ms

    async def _give_back(self, party: Party | None = None) -> None:
        """Return an unserved customer to the sender, or to the queue."""
        handover, talk = self.control.handover, self.talk
        assert handover is not None, "handed over"
        self.control.handover, sender = None, handover.sender
        if sender is None:
            self._to_queue(self._state.home_queue, head=True)
            return
        if talk.agent_id != sender.id:
            target = Target(TargetKind.AGENT, talk.agent_id, talk.agent_name, staff_number=talk.staff_number)
            self._tell(StoryStep.LEFT, target)
            await self._let_agent_go()
            self._pass_to(sender, talk.channel_id)
            party = Party(talk.channel_id, target, up=True)
        await self._return_to_sender(party)

    async def _let_agent_go(self) -> None:
        """Hang the agent's leg up and free the agent. Idempotent."""
        talk = self.talk
        self._seating.forget(talk.channel_id)
        if talk.released:
            return
        talk.released = True
        # A customer who hangs up meanwhile cancels this: the agent must not stay in a call that is over.
        await shield_until_done(self._freed(talk))

    async def _freed(self, talk: Talk) -> None:
        await self._services.store.save(self._state)
        await self._parties.hang_up(talk.channel_id)
        await self._parties.release(talk.agent_id, talked=True)
        await self._services.desks.call_changed(talk.agent_id, call_left(self._state))

    async def _drop_party(self, *, missed: bool = False) -> None:
        party = self._party()
        self._seating.forget(party.channel_id)
        # The customer of a consultation is with the agent all the time: no offer was missed.
        asked = self.stage is _S.CONSULT_RINGING
        await self._parties.drop(party, talked=party.up, missed=missed, asked=asked)
        # Known until it is gone: a hang-up that cuts this off has the clean-up do it.
        self.control.party = None

    async def _return_to_sender(self, party: Party | None) -> None:
        """Return the customer of a transfer to `party` that failed."""
        control, talk, now_ms = self.control, self.talk, milliseconds(utc_now())
        if control.parked_until_ms is not None:
            await self._enter(_S.PARKED, ends_in_s=max(0, control.parked_until_ms - now_ms) / 1000)
            return
        phone = self._services.agents.phone(talk.agent_id)
        # Known before: a hang-up in this moment frees the agent all the same.
        talk.released = False
        control.returned_from = party
        if phone is not None and await self._parties.occupy(talk.agent_id):
            await self._ring_back(f"PJSIP/{phone.endpoint}")
        else:
            talk.released = True
            self._to_queue(self._state.home_queue, head=True)

    async def _take_over(self) -> None:
        party = self.control.party
        if party is not None and not party.up and self.stage not in WITH_THIRD:
            # The former process died before the party was rung.
            await self._drop_party()
        if self.stage in AGENT_LEFT:
            await self._let_agent_go()
        await super()._take_over()

    def _party(self) -> Party:
        party = self.control.party
        assert party is not None, "a third party is in the call"
        return party
