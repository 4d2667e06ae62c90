"""Consulted colleagues who vanish: missed, rung back, seated again."""

from contextlib import suppress

from ari_app.ari.errors import AriError
from ari_app.ari.events import ChannelDestroyed, ChannelHangupRequest, StasisEnd
from ari_app.calls.control.consulting import Consulting
from ari_app.calls.control.errors import NotNow
from ari_app.calls.control.handing import PHONE_LOST
from ari_app.calls.control.model import ORDERLY, Party, TargetKind
from crm.history.model import StoryStep
from foundation.clock import milliseconds, utc_now
from foundation.ids import new_id
from foundation.problems import Problem


class Rejoining(Consulting):
    """Steps of a conversation with a colleague who vanished after the answer.

    The stage stays as it is, without the colleague; the others go on. The agent sees it, and may end the consultation.
    """

    @property
    def _until_ms(self) -> int | None:
        """Return when the stage, or the wait for a colleague, ends."""
        control = self._state.control
        if control is None:
            return None
        away = control.party.away_until_ms if control.party is not None else None
        return min((one for one in (control.until_ms, away) if one is not None), default=None)

    # Events

    async def _party_leg_ended(self, event: StasisEnd | ChannelDestroyed | ChannelHangupRequest) -> None:
        """Go on without a third party; wait for one who vanished."""
        party = self._party()
        if party.target.kind is not TargetKind.AGENT or not party.up:
            await self._party_ended()
            return
        cause = None if isinstance(event, StasisEnd) else event.cause
        if not cause and not isinstance(event, ChannelDestroyed):
            return  # the end of the channel names the cause
        if (cause or 0) in ORDERLY and not party.away:
            await self._party_ended()
            return
        self._seating.forget(party.channel_id)
        # One who is rung back and does not answer may try again.
        await self._miss_party(party)

    async def _party_voice_lost(self) -> None:
        party = self._party()
        if party.up and not party.away:
            await self._miss_party(party)

    async def _party_voice_back(self) -> None:
        """Go on: the leg that was silent is still there."""
        if self._party().away:
            await self._rejoin()

    async def _answered(self, channel_id: str) -> None:
        party = self.control.party
        if party is not None and party.away and channel_id == party.channel_id:
            await self._rejoin()
        else:
            await super()._answered(channel_id)

    async def _time_over(self) -> None:
        party, now_ms = self.control.party, milliseconds(utc_now())
        if party is not None and party.away_until_ms is not None and party.away_until_ms <= now_ms:
            with suppress(Problem):
                await self._services.queues.not_ready(party.target.id, PHONE_LOST)
            await self._party_ended()
        else:
            await super()._time_over()

    async def _give_up_agent(self) -> None:
        if (party := self.control.party) is not None and party.away:
            await self._drop_party()
        await super()._give_up_agent()

    # Steps

    async def _miss_party(self, party: Party) -> None:
        """Wait for a colleague, from the first loss on."""
        now_ms = milliseconds(utc_now())
        if party.away_until_ms is None:
            party.away_until_ms = now_ms + round(self._services.reconnect_s * 1000)
            self._tell(StoryStep.LOST, by=party.target.id)
        party.away_since_ms, party.rings_again = now_ms, False
        await self._rearrange()

    async def _rejoin(self) -> None:
        """Seat a colleague where the stage says."""
        party = self._party()
        party.away_since_ms = party.away_until_ms = None
        party.rings_again = False
        self._tell(StoryStep.RETURNED, by=party.target.id)
        await self._rearrange()

    async def _rearrange(self) -> None:
        await self._services.store.save(self._state)
        await self._arrange()
        await self._show()

    async def _reconnect_party(self) -> None:
        """Ring the colleague's phone again, before the answer too.

        Raises:
            NotNow: the phone cannot be rung.
        """
        party = self._party()
        phone = self._services.agents.phone(party.target.id)
        if phone is None:
            raise NotNow("the agent has no phone")
        former = party.channel_id
        if party.up and not party.away:
            # The page came back before its voice was missed.
            await self._miss_party(party)
        self._seating.forget(former)
        party.channel_id, party.rings_again, party.muted = new_id("agent-leg"), party.up, False
        await self._services.store.save(self._state)
        await self._parties.hang_up(former)
        try:
            ring_s = self._parties.ring_s(party.target)
            await self._parties.ring_agent(f"PJSIP/{phone.endpoint}", party.channel_id, ring_s, self._listen)
        except AriError as error:
            party.rings_again = False
            await self._show()
            raise NotNow("the phone cannot be rung: it is not registered") from error
        await self._show()
