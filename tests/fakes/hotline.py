"""One node's call control on a fake Asterisk, in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from ari_app.ari.dispatch import Dispatcher
from ari_app.calls.admission import Admission
from ari_app.calls.call import LiveCall
from ari_app.calls.call_services import AgentPhone, CallBacks, CallLifecycle, CallServices, Waits
from ari_app.calls.control.model import SupervisorAction
from ari_app.calls.control.orders import Order
from ari_app.calls.control.outside import OutsideCalls
from ari_app.calls.control.phone_transfers import PhoneTransfers
from ari_app.calls.control.service import CallControl
from ari_app.calls.control.targets import TransferTargets
from ari_app.calls.dial_plan import DialPlan
from ari_app.calls.holding import HoldingBridges
from ari_app.calls.model import CallState
from ari_app.calls.reconciliation import Reconciler
from ari_app.calls.service import CallService
from ari_app.calls.store import CallStore
from ari_app.calls.tolls import TollRules
from ari_app.desk.call_states import CallAction
from ari_app.desk.model import CallChanged, CallStage
from ari_app.fallback.service import noted_channels
from ari_app.outgoing.model import CallOut
from ari_app.outgoing.service import CallingOut, Line
from ari_app.queues.model import AgentSnapshot, AgentState
from ari_app.queues.service import QueueService
from ari_app.queues.settings import QueueSettings
from crm.customers.model import CustomerView, Identification
from crm.notices.views import DutyNumber
from foundation.clock import milliseconds, utc_now
from foundation.problems import Problem
from foundation.redis_client import SharedRedis
from foundation.routes import Principal, Role
from ivr.cursor import Cursor, CursorStore
from ivr.voice import Voice
from ivr.walker import Outcome, ToQueue
from tests.fakes.ari import FakeAmi, FakeAri
from tests.fakes.asterisk import FakeAsterisk, FakeChannel
from tests.fakes.services import (
    FakeDesks,
    FakeHistory,
    FakeMessages,
    FakePops,
    FakePrompts,
    FakeRecordings,
    FakeSpool,
)
from tests.fakes.virtual_time import until

NODE = "node-1"
RING_S = 20.0
ANNOUNCE_S = 30.0
AGENTS = {
    number: AgentPhone(f"staff-{number}", number, f"agent {number}", f"agent{number}")
    for number in ("1001", "1002", "1003")
}

SUPERVISOR = AgentPhone("staff-3001", "3001", "supervisor", "supervisor3001")
"""Serves no queue."""

Script = Callable[[Voice, CursorStore, Cursor], Awaitable[Outcome]]
"""Steps of a flow for one caller."""


async def straight_to_queue(_voice: Voice, store: CursorStore, cursor: Cursor) -> Outcome:
    """Send the caller to the queue without a word."""
    await store.save(cursor)
    return ToQueue("repair", "repair")


@dataclass
class _Walker:
    """Walks the script instead of a flow."""

    hotline: "FakeHotline"
    voice: Voice
    store: CursorStore

    async def walk(self, cursor: Cursor) -> Outcome:
        return await self.hotline.script(self.voice, self.store, cursor)


class _Directory:
    """The agents there are."""

    def __init__(self, agents: Mapping[str, AgentPhone]) -> None:
        self._agents = agents
        self._by_id = {phone.agent_id: phone for phone in (*agents.values(), SUPERVISOR)}

    def phone(self, agent_id: str) -> AgentPhone | None:
        return self._by_id.get(agent_id)

    def phones(self) -> list[AgentPhone]:
        return list(self._agents.values())


class _Entry:
    """Entry point of every conversation."""

    async def cursor(self, state: CallState) -> Cursor:
        return Cursor("main", "start")

    def of_flow(self, state: CallState, flow: str) -> Cursor:
        return Cursor(flow, "again")


class NoCallBacks:
    """No caller asked for a call back."""

    async def wanted(self, _call_back_id: str, _call_id: str) -> bool:
        return True

    async def outstanding(self, _number: str | None) -> bool:
        return False

    async def merge(self, _number: str, _queue: str, _call_id: str) -> int | None:
        return None


class FakeHotline:
    """One node's calls and queues.

    The queues are the real ones, on the real Redis. `restart` makes another process of it, which adopts the calls of
    the one before.
    """

    def __init__(
        self,
        redis: SharedRedis,
        settings: Mapping[str, Any] | None = None,
        *,
        node: str = NODE,
        agents: Mapping[str, AgentPhone] = AGENTS,
    ) -> None:
        given = {"ring_s": RING_S, "announce_every_s": ANNOUNCE_S, "unstaffed_wait_s": None, **(settings or {})}
        self.redis = redis
        self.node = node
        self.agents = _Directory(agents)
        self.settings = {"repair": QueueSettings(name="repair", title_zh="报修", title_en="Repairs", **given)}
        if "keys" in given or "overflow" in given:
            plain = {**given, "keys": {}, "overflow": ()}
            self.settings["consult"] = QueueSettings(name="consult", title_zh="咨询", title_en="Consultation", **plain)
        self.customers: dict[str, list[CustomerView]] = {}
        self.tolls = TollRules.model_validate({"at_once": 3, "agents": {"a_day": 5}})
        self.script: Script = straight_to_queue
        self.recordings, self.spool, self.desks = FakeRecordings(), FakeSpool(), FakeDesks()
        self.history = FakeHistory(self.recordings)
        self.messages = FakeMessages()
        self.call_backs: CallBacks = NoCallBacks()
        self.waits: Waits | None = None
        self.settled: list[CallState] = []
        self.duty: dict[str, DutyNumber] = {}
        """Numbers on duty, by department."""
        self.dispatcher = Dispatcher()
        self.asterisk = FakeAsterisk(self.dispatcher)
        self.ari, self.ami = FakeAri(self.asterisk), FakeAmi(self.asterisk)
        self._start()

    def _start(self) -> None:
        self.dispatcher = Dispatcher()
        self.asterisk.connect(self.dispatcher)
        self.queues = QueueService(
            self.redis, self.settings, self.node, deadline_s=10, now_ms=lambda: milliseconds(utc_now())
        )
        self.store = CallStore(self.redis, self.node)
        self.life = CallLifecycle()
        self.services = CallServices(
            node=self.node,
            ari=self.ari,
            ami=self.ami,
            dispatcher=self.dispatcher,
            store=self.store,
            queues=self.queues,
            holding=HoldingBridges(self.ari),
            recordings=cast("Any", self.recordings),
            history=cast("Any", self.history),
            spool=cast("Any", self.spool),
            agents=self.agents,
            desks=self.desks,
            pops=FakePops(),
            dial_plan=DialPlan("PJSIP/{number}@trunk", "e164", "CN", self.tolls),
            caller_id="96001",
            walker=lambda voice, store: cast("Any", _Walker(self, voice, store)),
            prompts=FakePrompts(),
            entry_points=_Entry(),
            messages=self.messages,
            in_fallback=self._in_fallback,
            call_backs=self.call_backs,
            waits=self.waits,
            life=self.life,
        )
        self.calls = CallService(
            self.services, "CN", Admission(lambda: 0.0, most_calls=0, longest_lag_s=0.2), self._settled
        )
        self.control = CallControl(self.redis, self.node, self.store, self.queues)
        outside = OutsideCalls(self.redis, self.services.dial_plan, self.calls.outside_legs, "Asia/Shanghai")
        targets = TransferTargets(self.agents, self.queues, outside, self._on_duty, ("main",))
        self.control.connect(self.calls, targets)
        nothing: Any = None
        line = Line(self.node, ("96001", "96002"))
        self.calling_out = CallingOut(line, nothing, self.agents, self.queues, nothing, self._identify)
        self.calling_out.connect(targets, outside, self.calls.place)
        self.refused: list[tuple[str, Problem]] = []
        self.phone_transfers = PhoneTransfers(
            self.ari, self.dispatcher, lambda: self.calls.live, self.control, self.agents, self._refused
        )
        self.dispatcher.new_channel.add_listener(self.calls.arrived)
        self.reconciler = Reconciler(self.ari, self.dispatcher, self.calls, self.store, self.queues, self._in_fallback)
        self.queues._on_offer = self.calls.offered
        self._deadlines = asyncio.create_task(self.queues._keep_deadlines(), name="deadlines")

    async def _settled(self, call: LiveCall) -> None:
        """Keep an outbound call that has ended."""
        self.settled.append(call.state)

    async def start(self) -> None:
        """Begin, as a process does when its events flow."""
        await self.reconciler.adopt()
        await self.queues.sweep()

    async def leave(self) -> None:
        """End the process; Asterisk keeps the channels."""
        await self.calls.aclose()
        self._deadlines.cancel()
        with suppress(asyncio.CancelledError):
            await self._deadlines

    async def restart(self) -> None:
        """Start another process, which adopts the calls there are."""
        self._start()
        await self.start()
        await self.reconciler.look()

    # People

    def call(self, number: str = "13800000001") -> FakeChannel:
        """A caller dials the hotline."""
        return self.asterisk.call(number)

    async def agent_ready(self, number: str = "1001", queue: str = "repair") -> str:
        """Sign an agent in, ready for calls; return the agent's id."""
        agent_id = AGENTS[number].agent_id
        await self.queues.sign_in(agent_id, [queue])
        await self.queues.ready(agent_id)
        return agent_id

    async def queued(self, count: int = 1) -> None:
        """Wait until all callers, so many, are in the queue."""
        await until(lambda: [state.stage for state in self.calls.live] == [CallStage.QUEUED] * count)

    async def rung(self, number: str = "1001") -> FakeChannel:
        """Wait until an agent's phone rings, and return its channel."""
        await until(lambda: self.ringing(number) is not None)
        leg = self.ringing(number)
        assert leg is not None
        return leg

    def ringing(self, number: str = "1001") -> FakeChannel | None:
        """Return an agent's channel while it rings."""
        phone = SUPERVISOR if number == SUPERVISOR.staff_number else AGENTS[number]
        endpoint = f"PJSIP/{phone.endpoint}"
        legs = (leg for leg in self.asterisk.channels.values() if leg.endpoint == endpoint and leg.state == "Ringing")
        return next(legs, None)

    async def talking(self, number: str = "1001") -> FakeChannel:
        """Answer an agent's phone when it rings; return its channel once bridged."""
        leg = await self.rung(number)
        self.asterisk.pick_up(leg.id)
        await until(lambda: self.asterisk.hears(leg.id) == "talk")
        return leg

    async def order(self, action: CallAction, number: str = "1001", **details: Any) -> CallChanged:
        """Have an agent give a command about the agent's call."""
        return await self.control.obey(Order(agent_id=AGENTS[number].agent_id, action=action, **details))

    async def call_out(self, kind: str, to: str, number: str = "1001") -> CallChanged:
        """Have an agent call a number or a colleague."""
        phone = AGENTS[number]
        who = Principal(phone.agent_id, number, phone.name, Role.AGENT)
        return await self.calling_out.call(CallOut.model_validate({"target": {"kind": kind, "id": to}}), who)

    async def supervise(self, action: SupervisorAction, *, silent: bool = False) -> None:
        """Have the supervisor give an order about the one call."""
        await self.control.supervise(self.live.state.id, SUPERVISOR.agent_id, action, silent=silent, key="")

    async def supervisor_answers(self) -> FakeChannel:
        """Answer the supervisor's phone when it rings; return its channel."""
        leg = await self.rung(SUPERVISOR.staff_number)
        self.asterisk.pick_up(leg.id)
        await until(lambda: self.asterisk.bridge_of(leg.id) is not None)
        return leg

    # Views

    async def agent(self, number: str = "1001") -> AgentSnapshot:
        """Return how the queues see an agent."""
        return await self.queues.agent(AGENTS[number].agent_id)

    async def becomes(self, state: AgentState, number: str = "1001", *, within_s: float = 60.0) -> None:
        """Wait until the queues see an agent in a state."""
        deadline = asyncio.get_running_loop().time() + within_s
        while (await self.agent(number)).state is not state:
            assert asyncio.get_running_loop().time() < deadline, f"{number} is not {state}: {await self.agent(number)}"
            await asyncio.sleep(0.01)

    @property
    def live(self) -> LiveCall:
        """The one call there is."""
        (call,) = self.calls.calls.values()
        return call

    async def over(self) -> None:
        """Wait until no call is left and every record is stored."""
        await until(lambda: not self.calls.calls)

    async def _identify(self, number: str) -> Identification:
        return Identification(number=number, customers=self.customers.get(number, []))

    async def _refused(self, agent_id: str, problem: Problem) -> None:
        self.refused.append((agent_id, problem))

    async def _on_duty(self, department_id: str) -> DutyNumber | None:
        return self.duty.get(department_id)

    async def _in_fallback(self) -> frozenset[str]:
        return await noted_channels(self.ami)
