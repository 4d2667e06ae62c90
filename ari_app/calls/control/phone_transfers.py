"""Transfers that agents make by a key of their phone (REFER)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Protocol

import structlog
from prometheus_client import Counter

from ari_app.ari.channels import TransferState
from ari_app.ari.client import AriClient
from ari_app.ari.dispatch import Dispatcher
from ari_app.ari.errors import AriError
from ari_app.ari.events import ChannelTransfer
from ari_app.calls.call_services import AgentPhone
from ari_app.calls.control.errors import JoinByPhone
from ari_app.calls.control.orders import Order
from ari_app.calls.control.service import CallControl
from ari_app.calls.model import CallState
from ari_app.calls.provisioning import desk_user
from ari_app.desk.call_states import CallAction
from ari_app.desk.command_model import CallTarget
from foundation.problems import Problem
from foundation.tasks import log_failure

BY_PHONE = Counter("hotline_transfers_by_phone", "Transfers asked for by a phone's key, by result", ["result"])

REPEATED_S = 1.0
"""Measured on Asterisk 22.10: the event of one REFER arrives twice within milliseconds."""

Refused = Callable[[str, Problem], Awaitable[None]]
"""Shows a refusal on an agent's desk."""

log = structlog.get_logger()


class Phones(Protocol):
    """All agents with a phone."""

    def phones(self) -> Sequence[AgentPhone]: ...


class PhoneTransfers:
    """Carries out REFER as a blind transfer, through the same checks.

    Asterisk itself transfers nothing: our legs have `PJSIP_TRANSFER_HANDLING` set to `ari-only`. The phone gets the
    refusal, and the agent's desk shows its reason. An attended transfer (Replaces) is refused by name: its second call
    would have no rules and no story, while a consultation from the desk has both.
    """

    def __init__(
        self,
        ari: AriClient,
        dispatcher: Dispatcher,
        live: Callable[[], Iterable[CallState]],
        control: CallControl,
        phones: Phones,
        refused: Refused,
    ) -> None:
        self._ari = ari
        self._live = live
        self._control = control
        self._phones = phones
        self._refused = refused
        self._tasks: set[asyncio.Task[None]] = set()
        self._recent: dict[tuple[str, str], float] = {}
        dispatcher.listen(ChannelTransfer, self._asked)

    def _asked(self, event: ChannelTransfer) -> None:
        channel_id = event.referred_by.source_channel.id
        if self._is_repeated(channel_id, event):
            return
        task = asyncio.create_task(self._carry_out(channel_id, event), name=f"transfer:{channel_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(log_failure)

    def _is_repeated(self, channel_id: str, event: ChannelTransfer) -> bool:
        """Tell whether a transfer repeats one of a moment ago."""
        now_s, asked = asyncio.get_running_loop().time(), repr(event.refer_to.requested_destination)
        self._recent = {key: asked_s for key, asked_s in self._recent.items() if now_s - asked_s < REPEATED_S}
        key = (channel_id, asked)
        is_repeated = key in self._recent
        self._recent.setdefault(key, now_s)
        return is_repeated

    async def _carry_out(self, channel_id: str, event: ChannelTransfer) -> None:
        state = next((one for one in self._live() if one.talk is not None and one.talk.channel_id == channel_id), None)
        if state is None or state.talk is None:
            # Not an agent's leg: a customer's phone, or a third party's.
            log.warning("transfer_by_stranger", channel_id=channel_id)
            await self._answer(channel_id, "channel_declined", "stranger")
            return
        agent_id = state.talk.agent_id
        try:
            if event.refer_to.requested_destination.protocol_id or event.refer_to.destination_channel is not None:
                raise JoinByPhone("a phone cannot join two calls: consult from the desk")
            target = self._target(event.refer_to.requested_destination.destination)
            order = Order(agent_id=agent_id, action=CallAction.TRANSFER, target=target)
            await self._control.command(state.id, order)
        except Problem as problem:
            log.warning("transfer_by_phone_refused", agent_id=agent_id, why=problem.slug)
            await self._answer(channel_id, "channel_declined", problem.slug)
            await self._refused(agent_id, problem)
        else:
            await self._answer(channel_id, "channel_answered", "done")

    async def _answer(self, channel_id: str, state: TransferState, result: str) -> None:
        """Tell the phone, where it is still there, and count."""
        BY_PHONE.labels(result).inc()
        with suppress(AriError):
            await self._ari.transfer_progress(channel_id, state)

    def _target(self, dialled: str) -> CallTarget:
        """Return a dialled text as a target."""
        wanted = dialled.partition("@")[0].removeprefix("sip:")[:64] or "?"
        for phone in self._phones.phones():
            if wanted in {phone.staff_number, desk_user(phone.endpoint)}:
                return CallTarget("agent", phone.agent_id)
        if self._control.is_queue(wanted):
            return CallTarget("queue", wanted)
        return CallTarget("number", wanted)
