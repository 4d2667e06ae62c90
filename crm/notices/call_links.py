"""SMS with a call's link for a department on duty (H2)."""

from collections.abc import Callable, Collection

from crm.events import Event
from crm.notices.duty import DutyService
from crm.notices.facts import EventFacts
from crm.notices.model import NoticeChannel
from crm.notices.planning import Planner
from crm.outbox.subscriptions import EventEnvelope
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id

KIND = "notice.call_link"
HIDDEN = "…"
"""Stands for the link in the log of deliveries: its readers must not open the call."""


class CallLinked(Event, frozen=True, kw_only=True):
    """Link for a department that is called, never stored in the outbox."""

    call_id: str

    @property
    def kind(self) -> str:
        """`notice.call_link`."""
        return KIND

    @property
    def key(self) -> str:
        """The call's id."""
        return self.call_id


class CallLinkSender:
    """Sends a call's link as an SMS."""

    def __init__(
        self,
        database: Database,
        planner: Planner,
        duty: DutyService,
        on_due: Callable[[Collection[NoticeChannel]], None],
        channels: Collection[NoticeChannel],
    ) -> None:
        self._database = database
        self._planner = planner
        self._duty = duty
        self._on_due = on_due
        self._can_send = NoticeChannel.SMS in channels

    async def send(self, call_id: str, department_id: str, link: str) -> bool:
        """Send the link to the number on duty.

        False: there is no gateway or no number, or the recipient switched such messages off.
        """
        recipient = await self._duty.reached_by_sms(department_id) if self._can_send else None
        if recipient is None or not recipient.switches.get(KIND, True):
            return False
        envelope = EventEnvelope(new_id("event"), CallLinked(call_id=call_id), utc_now())
        delivery = self._planner.message(envelope, EventFacts(department_id, None, {"link": link}), recipient)
        delivery.whole = {"subject": delivery.subject, "text": delivery.text}
        delivery.text = delivery.text.replace(link, HIDDEN)
        async with self._database.write() as session:
            session.add(delivery)
        self._on_due({NoticeChannel.SMS})
        return True
