"""Opening hours of queues."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from ari_app.queues.call_back_rules import WindowDay
from ari_app.queues.settings import QueueSettings
from crm.sla.calendar import BusinessCalendar
from crm.sla.hours import WorkingHours, calendar_of
from foundation.clock import utc_now
from foundation.workdays import Workdays


@dataclass(frozen=True)
class ComingWindow:
    """Window for a call back, as moments."""

    code: str
    zh: str
    en: str
    opens_at: dt.datetime
    closes_at: dt.datetime


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

    def windows(self, queue: QueueSettings) -> list[ComingWindow]:
        """Return the windows for calls back that are still to come.

        Each is cut to the queue's hours; one that has begun, or in which the queue is closed, is left out.
        """
        now = self._now()
        calendar = self._calendar(queue)
        found = []
        for window in queue.call_back.windows:
            day = now.astimezone(self._zone).date() + dt.timedelta(days=window.day is WindowDay.TOMORROW)
            opens, closes = (self._at(day, minute) for minute in window.minutes())
            if calendar is not None:
                stretch = calendar.next_stretch(opens)
                if stretch is None or stretch[0] >= closes:
                    continue
                opens, closes = stretch[0], min(stretch[1], closes)
            if opens > now:
                found.append(ComingWindow(window.code, window.zh, window.en, opens, closes))
        return found

    def _at(self, day: dt.date, minute: int) -> dt.datetime:
        midnight = dt.datetime.combine(day, dt.time(), self._zone)
        return (midnight + dt.timedelta(minutes=minute)).astimezone(dt.UTC)

    def _calendar(self, queue: QueueSettings) -> BusinessCalendar | None:
        if queue.hours is None:
            return None
        hours, calendar = self._calendars.get(queue.name, (None, None))
        if calendar is None or hours is not queue.hours:
            calendar = calendar_of(queue.hours, self._zone, self._workdays)
            self._calendars[queue.name] = (queue.hours, calendar)
        return calendar
