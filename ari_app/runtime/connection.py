"""Steps after each connection to Asterisk: phones, adoption, reconciliation."""

from collections.abc import Sequence
from functools import partial

import structlog

from ari_app.ari.client import AriClient
from ari_app.ari.server import STEPS_BETWEEN, UNUSED_EVENTS
from ari_app.ari.source import EventSource
from ari_app.calls.agent_directory import Agents
from ari_app.calls.provisioning import browser_user, desk_user, push, remove
from ari_app.calls.reconciliation import Reconciler
from ari_app.desk.hub import Hub
from ari_app.desk.model import Notice, NoticeLevel
from ari_app.desk.pop import SpokenWording
from ari_app.fallback.service import Fallback
from ari_app.runtime.desk_handler import WATCHERS
from crm.staff.model import Staff
from crm.staff.service import StaffService
from foundation import asterisk_versions
from foundation.retrying_tasks import RetryingTasks

log = structlog.get_logger()


class ConnectionSetup:
    """Synchronises Asterisk with us, at each connection and at changed phones.

    A step that fails is tried again and does not stop the others: callers must not wait because one phone, or the
    manager interface, is in trouble.
    """

    def __init__(
        self,
        ari: AriClient,
        events: EventSource,
        agents: Agents,
        staff: StaffService,
        fallback: Fallback,
        reconciler: Reconciler,
        hub: Hub,
    ) -> None:
        self._ari = ari
        self._events = events
        self._agents = agents
        self._staff = staff
        self._fallback = fallback
        self._reconciler = reconciler
        self._hub = hub
        self._retrying = RetryingTasks()

    async def connected(self) -> None:
        """Filter events, adopt calls, and push phones, since events flow (again).

        Raises:
            AriError: it does not even say who it is.
        """
        self._fallback.reconciled.clear()
        await self._ari.wait_until_ready()
        await self.filter_events()
        info = await self._ari.info()
        asterisk_versions.check(info.system.version)
        log.info("asterisk_connected", version=info.system.version)
        # First: until then every offer waits. Phones are in Asterisk's own database since they were pushed last.
        await self._retrying.first_try("adoption", self._reconciler.adopt)
        await self._retrying.first_try("phones", self._plug_in_all)
        await self._retrying.first_try("fallback", self._fallback.prepare)
        self._retrying.start("former phones", self._unplug_former)
        self._retrying.start("reconciliation", self._reconcile)

    async def filter_events(self) -> None:
        """Tell Asterisk which events we do not want."""
        await self._ari.filter_events((*UNUSED_EVENTS, *STEPS_BETWEEN))

    def staff_changed(self, staff: Staff) -> None:
        """Push or remove the phone of an account if the phone changed."""
        former, former_line = self._agents.account(staff.id), self._agents.phone(staff.id)
        account = self._agents.changed(staff)
        line = self._agents.phone(staff.id)
        if account == former:
            if line is not None and line != former_line:
                self._retrying.start(f"phone:{desk_user(line.endpoint)}:rung", partial(self._ring, line.endpoint))
            return
        if account is not None:
            self._retrying.start(f"phone:{account.user}", partial(self._plug_in, account.user))
        elif staff.endpoint is not None:
            self._retrying.start(f"phone:{staff.endpoint}", partial(self._unplug, [staff.endpoint]))

    async def aclose(self) -> None:
        """Cancel the steps that have not succeeded."""
        await self._retrying.aclose()

    async def _reconcile(self) -> None:
        await self._events.wait_connected()
        found = await self._reconciler.look()
        self._fallback.reconciled.set()
        if found.lost_calls:
            lost = len(found.lost_calls)
            words = SpokenWording(
                zh=f"Asterisk 中断，{lost} 个通话被切断，请按名单回拨",
                en=f"Asterisk ended and cut {lost} calls off: the list of lost calls says whom to call back",
            )
            await self._hub.broadcast(WATCHERS, Notice(level=NoticeLevel.WARNING, text=words))

    async def _plug_in_all(self) -> None:
        log.info("phones_pushed", phones=await push(self._ari, self._agents.accounts()))

    async def _plug_in(self, user: str) -> None:
        """Create the phone's account with its present password."""
        accounts = [account for account in self._agents.accounts() if account.user == user]
        await push(self._ari, accounts)
        for endpoint in self._agents.rung():
            if desk_user(endpoint) == user:
                await self._ring(endpoint)

    async def _ring(self, endpoint: str) -> None:
        """Have the fallback ring this phone, not the other."""
        user = desk_user(endpoint)
        await self._fallback.exclude(user if endpoint != user else browser_user(user))
        await self._fallback.include(endpoint)

    async def _unplug(self, users: Sequence[str]) -> None:
        both = [one for user in users for one in (user, browser_user(user))]
        removed = await remove(self._ari, both)
        for user in both:
            await self._fallback.exclude(user)
        if removed:
            log.info("phones_removed", removed=removed)

    async def _unplug_former(self) -> None:
        """Remove the phones of accounts that were closed meanwhile."""
        await self._unplug(await self._staff.former_phones())
