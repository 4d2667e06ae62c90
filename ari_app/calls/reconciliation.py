"""Reconciliation after every connection to Asterisk.

Calls of a former process are adopted; missed events are made up for.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field

import structlog

from ari_app.ari.client import AriClient
from ari_app.ari.dispatch import Dispatcher
from ari_app.ari.errors import AriError, AriNotFound
from ari_app.ari.events import ChannelDestroyed, StasisStart
from ari_app.ari.model import Channel
from ari_app.calls.call import LiveCall
from ari_app.calls.control.model import LISTEN, Supervisor
from ari_app.calls.metrics import RECONCILED
from ari_app.calls.model import LegStage
from ari_app.calls.service import CallService
from ari_app.calls.store import CallStore
from ari_app.calls.ways_out import waiting_call
from ari_app.desk.call_states import Direction
from ari_app.desk.model import CallStage
from ari_app.queues.errors import QueuesUnavailable
from ari_app.queues.model import AgentState, LeaveReason
from ari_app.queues.service import QueueService
from foundation.clock import milliseconds, utc_now

OURS = ("agent-leg-", "contact-leg-", "outside-leg-", "supervisor-leg-", "ear-")
TALK = "talk-"

log = structlog.get_logger()


@dataclass
class Reconciliation:
    """Result of one reconciliation."""

    adopted: int = 0
    """Calls of a former process that go on."""
    ended_while_away: int = 0
    media_lost: int = 0
    """Calls of these that were cut off by the end of Asterisk itself."""
    unknown: int = 0
    """Channels and bridges without a call: callers were taken, the rest was removed."""
    repaired: int = 0
    """Callers and agents that the queues had in a wrong state."""
    lost_calls: list[str] = field(default_factory=list)


class Reconciler:
    """Makes calls, queues and Asterisk agree. Idempotent."""

    def __init__(
        self,
        ari: AriClient,
        dispatcher: Dispatcher,
        calls: CallService,
        store: CallStore,
        queues: QueueService,
        in_fallback: Callable[[], Awaitable[frozenset[str]]],
    ) -> None:
        self._ari = ari
        self._dispatcher = dispatcher
        self._calls = calls
        self._store = store
        self._queues = queues
        self._in_fallback = in_fallback
        """Returns the channels of callers that the dialplan's fallback took meanwhile."""
        self._adopted: int | None = None

    async def adopt(self) -> None:
        """Adopt every call of this node, once, before any event is dispatched.

        Each call finds out by itself what became of it: a new call and an adopted one are the same task.
        """
        if self._adopted is not None:
            return
        known = set(self._calls.calls)
        states = [state for state in await self._store.of_node() if state.id not in known]
        moved = await self._moved() if states else frozenset()
        for state in states:
            self._calls.adopt(state, moved=state.channel_id in moved)
        self._adopted = len(states)
        self._calls.adopted()

    async def look(self) -> Reconciliation:
        """Compare the calls with Asterisk and the queues, once events flow again."""
        found = Reconciliation()
        started_ms = milliseconds(await self._ari.started_at())
        believed = [call for call in self._calls.calls.values() if call.state.stage is not CallStage.ENDED]
        expected = {channel_id for call in believed for channel_id in _legs(call)}
        # A call may end before its channel is looked at: that channel is not a new caller's.
        owned = {channel_id for call in self._calls.calls.values() for channel_id in _legs(call)}
        channels = {channel.id: channel for channel in await self._ari.channels()}
        found.adopted, self._adopted = self._adopted or 0, 0
        gone = expected - channels.keys()
        await self._see_who_moved(call for call in believed if call.state.channel_id in gone)
        for call in believed:
            self._see(call, channels, gone, started_ms, found)
        await self._let_catch_up(believed)
        await self._take_unknown([channel for channel in channels.values() if channel.id not in owned], found)
        await self._remove_bridges(found)
        try:
            found.repaired = await self.repair_queues()
        except QueuesUnavailable:
            log.warning("queues_not_repaired")
        found.adopted = max(0, found.adopted - found.ended_while_away)
        for name in ("adopted", "ended_while_away", "media_lost", "unknown", "repaired"):
            RECONCILED.labels(what=name).inc(getattr(found, name))
        log.info(
            "reconciled",
            adopted=found.adopted,
            ended_while_away=found.ended_while_away,
            media_lost=found.media_lost,
            unknown=found.unknown,
            repaired=found.repaired,
            live=len(believed) - found.ended_while_away,
        )
        return found

    async def _see_who_moved(self, absent: Iterable[LiveCall]) -> None:
        """Mark the calls without a channel that the fallback had served."""
        if calls := list(absent):
            moved = await self._moved()
            for call in calls:
                call.moved = call.moved or call.state.channel_id in moved

    async def _moved(self) -> frozenset[str]:
        try:
            return await self._in_fallback()
        except AriError as error:
            log.warning("fallback_not_asked", error=str(error))
            return frozenset()

    def _see(
        self, call: LiveCall, channels: dict[str, Channel], gone: set[str], started_ms: int, found: Reconciliation
    ) -> None:
        """Dispatch the missed ends and answers of a call's legs."""
        state = call.state
        if state.channel_id in gone:
            found.ended_while_away += 1
            if started_ms > state.started_at_ms and not call.moved:
                call.media_lost = True
                found.media_lost += 1
                found.lost_calls.append(state.id)
            self._tell_gone(state.channel_id)
            return
        channel = channels.get(state.channel_id)
        if channel is not None and state.direction is Direction.INBOUND and self._arguments(channel) is None:
            found.ended_while_away += 1
            call.moved = True
            self._tell_gone(state.channel_id)
            return
        if state.stage is CallStage.DIALLING:
            self._tell_entered(channel)
        if (supervisor := _supervisor(call)) is not None and supervisor.channel_id in gone:
            self._tell_gone(supervisor.channel_id)
        for talk in state.rung_for:
            if talk.channel_id in gone:
                self._tell_gone(talk.channel_id)
            elif talk.stage is LegStage.RINGING:
                self._tell_entered(channels.get(talk.channel_id))

    def _arguments(self, channel: Channel) -> list[str] | None:
        return channel.stasis_arguments(self._ari.application)

    def _tell_entered(self, channel: Channel | None) -> None:
        """Report a leg in our application as answered. Idempotent."""
        if channel is None or (arguments := self._arguments(channel)) is None:
            return
        if self._dispatcher.has_listener(channel.id):
            self._dispatcher.dispatch(
                StasisStart(
                    application=self._ari.application,
                    timestamp=utc_now().isoformat(),
                    channel=channel,
                    args=arguments,
                )
            )

    def _tell_gone(self, channel_id: str) -> None:
        self._dispatcher.dispatch(
            ChannelDestroyed(
                application=self._ari.application,
                timestamp=utc_now().isoformat(),
                channel=Channel(id=channel_id),
                cause=0,
                cause_txt="ended while we were away",
            )
        )

    async def _let_catch_up(self, calls: Iterable[LiveCall]) -> None:
        """Let every call find the prompts and recordings that ended meanwhile."""
        for call in calls:
            try:
                await call.catch_up()
            except AriError as error:
                log.warning("call_not_caught_up", call_id=call.state.id, error=str(error))

    async def _take_unknown(self, channels: Iterable[Channel], found: Reconciliation) -> None:
        """Take callers without a call, and hang up legs without one.

        The first event of such a caller was lost.
        """
        talking = {
            channel_id
            for bridge in await self._ari.bridges()
            if bridge.id.startswith(TALK)
            for channel_id in bridge.channels
        }
        for channel in channels:
            if self._dispatcher.has_listener(channel.id) or channel.id in talking:
                continue
            arguments = self._arguments(channel)
            if arguments is not None:
                found.unknown += 1
                self._calls.take(channel, arguments)
            elif channel.id.startswith(OURS):
                found.unknown += 1
                await self._hang_up(channel.id)

    async def _hang_up(self, channel_id: str) -> None:
        try:
            await self._ari.hang_up(channel_id)
        except AriNotFound:
            return
        except AriError as error:
            log.warning("unknown_channel_not_hung_up", channel_id=channel_id, error=str(error))

    async def _remove_bridges(self, found: Reconciliation) -> None:
        """Remove bridges of conversations that are over."""
        wanted = {talk.bridge_id for call in self._calls.calls.values() for talk in call.state.rung_for}
        wanted |= {one.bridge_id for call in self._calls.calls.values() if (one := _supervisor(call)) is not None}
        for bridge in await self._ari.bridges():
            if bridge.id.startswith((TALK, LISTEN)) and bridge.id not in wanted and not bridge.channels:
                found.unknown += 1
                try:
                    await self._ari.destroy_bridge(bridge.id)
                except AriNotFound:
                    continue
                except AriError as error:
                    log.warning("unused_bridge_not_removed", bridge_id=bridge.id, error=str(error))

    async def repair_queues(self) -> int:
        """Make the queues agree with the calls; return how many were wrong.

        Needed after Redis was away, or lost its data (F19).

        Raises:
            QueuesUnavailable: Redis does not answer.
        """
        calls = [call for call in self._calls.calls.values() if call.state.stage is not CallStage.ENDED]
        for call in calls:
            if call.state.id in self._store.unsaved:
                await self._store.save(call.state)
        waiting = [call for call in calls if _in_line(call)]
        repaired = await self._queues.restore([waiting_call(call.state) for call in waiting])
        for call in waiting:
            if not _in_line(call):
                # The caller left while being put back.
                await self._queues.leave(call.state.id, LeaveReason.SYSTEM)
        for call in calls:
            repaired += await self._repair_talk(call)
            repaired += await self._repair_others(call)
        return repaired + await self._free_agents()

    async def _free_agents(self) -> int:
        """Free agents of calls that are over; return how many."""
        others = {state.id for state in await self._store.all()}
        freed = 0
        for agent in (await self._queues.snapshot()).agents:
            if agent.state is not AgentState.TALKING or agent.call_id is None:
                continue
            ours = self._calls.calls.get(agent.call_id)
            if (agent.call_id not in others) if ours is None else _is_over_for(ours, agent.agent_id):
                freed += await self._queues.finished(agent.agent_id, agent.call_id)
        return freed

    async def _repair_talk(self, call: LiveCall) -> bool:
        """Report an agent's call to queues that do not know of it.

        True where the agent was unknown to them.
        """
        talk = call.state.talk
        if talk is None or talk.stage is LegStage.OVER or (call.state.control is not None and talk.released):
            return False
        if talk.stage is LegStage.CONNECTED and await self._queues.connected(talk.reservation_id):
            return False
        known = (await self._queues.agent(talk.agent_id)).state is not AgentState.OFFLINE
        if talk.released:
            return False  # the offer ended meanwhile, as one of a process that died before it rang
        await self._queues.hold_on(talk.agent_id, call.state.id, call.state.home_queue)
        if talk.released:
            # The call ended meanwhile; if that was before `hold_on`, nothing else releases the agent.
            await self._queues.finished(talk.agent_id, call.state.id, talked=call.state.bridged)
        return not known

    async def _repair_others(self, call: LiveCall) -> int:
        """Report the other agents of a call: consulted, rung, or called.

        Return how many were unknown to the queues.
        """
        state, unknown = call.state, 0
        first = state.talk.agent_id if state.talk is not None else None
        for agent_id in state.agents - {first}:
            unknown += (await self._queues.agent(agent_id)).state is AgentState.OFFLINE
            await self._queues.hold_on(agent_id, state.id, state.home_queue)
            if _is_over_for(call, agent_id):
                # That agent left meanwhile; if that was before `hold_on`, nothing else releases the agent.
                await self._queues.finished(agent_id, state.id)
        return unknown


def _legs(call: LiveCall) -> Iterator[str]:
    """Yield the channels of a call that exist, or existed, in Asterisk."""
    if call.channel_made:
        yield call.state.channel_id
    for talk in call.state.rung_for:
        if talk.rung or talk.stage is LegStage.CONNECTED:
            yield talk.channel_id
    control = call.state.control
    if control is not None and control.party is not None:
        yield control.party.channel_id
    if (supervisor := _supervisor(call)) is not None:
        yield supervisor.channel_id
        if supervisor.ear_id is not None:
            yield supervisor.ear_id


def _supervisor(call: LiveCall) -> Supervisor | None:
    return call.state.control.supervisor if call.state.control is not None else None


def _is_over_for(call: LiveCall, agent_id: str) -> bool:
    return call.state.stage is CallStage.ENDED or agent_id not in call.state.agents


def _in_line(call: LiveCall) -> bool:
    state = call.state
    waits = state.target is not None and state.queued_at_ms is not None and state.talk is None
    return waits and state.leaving is None and state.stage is not CallStage.ENDED
