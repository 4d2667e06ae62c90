"""Opening hours of queues."""

import datetime as dt
from collections.abc import Callable

from ari_app.queues.settings import QueueSettings
from crm.sla.calendar import BusinessCalendar
from crm.sla.hours import WorkingHours, calendar_of
from foundation.clock import utc_now
from foundation.workdays import Workdays


class QueueHours:
    """Tells which queues are open, by the calendar of service levels.

    A queue without hours of its own is always open.
    """

    def __init__(
        self,
        zone: dt.tzinfo = dt.UTC,
        workdays: Workdays | None = None,
        now: Callable[[], dt.datetime] = utc_now,
    ) -> None:
        self._zone = zone
        self._workdays = workdays or Workdays()
        self._now = now
        self._calendars: dict[str, tuple[WorkingHours, BusinessCalendar]] = {}

    def is_open(self, queue: QueueSettings) -> bool:
        """Tell whether a queue is open now."""
        calendar = self._calendar(queue)
        return calendar is None or calendar.is_open(self._now())

    def opens(self, queue: QueueSettings) -> str | None:
        """Return when a closed queue opens next, by the local clock."""
        calendar = self._calendar(queue)
        stretch = calendar.next_stretch(self._now()) if calendar is not None else None
        return None if stretch is None else f"{stretch[0].astimezone(self._zone):%Y-%m-%dT%H:%M}"

    def _calendar(self, queue: QueueSettings) -> BusinessCalendar | None:
        if queue.hours is None:
            return None
        hours, calendar = self._calendars.get(queue.name, (None, None))
        if calendar is None or hours is not queue.hours:
            calendar = calendar_of(queue.hours, self._zone, self._workdays)
            self._calendars[queue.name] = (queue.hours, calendar)
        return calendar
