"""Notice that a department has before a visit (H26)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from crm.appointments.errors import VisitTooSoon
from crm.tickets.model import Ticket, Urgency
from foundation.problems import FieldProblem

SHANGHAI = ZoneInfo("Asia/Shanghai")
IsWorkday = Callable[[date], bool]


def every_day(_: date) -> bool:
    """Count every day as a workday."""
    return True


@dataclass(frozen=True)
class VisitNotice:
    """Rule of how far ahead visits are, however one is booked."""

    zone: ZoneInfo = SHANGHAI
    """Time zone of the windows' times."""
    is_workday: IsWorkday = every_day
    workdays: int = 1
    """Workdays ahead on which a visit may be at the earliest; 0 allows the same day."""
    of_callers: timedelta = timedelta(hours=12)
    """Time before a window until which a caller alone may move a visit there: the department plans its day."""

    def earliest_day(self, asked_at: datetime) -> date:
        """Return the first day on which a visit may be."""
        day = asked_at.astimezone(self.zone).date()
        for _ in range(self.workdays):
            day += timedelta(days=1)
            while not self.is_workday(day):
                day += timedelta(days=1)
        return day

    def earliest(self, ticket: Ticket, asked_at: datetime, *, by_caller: bool = False) -> datetime:
        """Return the first moment at which a visit may begin.

        Staff may agree on an urgent one at any time; a caller alone may not.
        """
        if ticket.urgency is not Urgency.NORMAL and not by_caller:
            return asked_at
        day = datetime.combine(self.earliest_day(asked_at), time(), self.zone)
        return max(day, asked_at + self.of_callers) if by_caller else day

    def require(self, ticket: Ticket, visit_from: datetime, asked_at: datetime, *, by_caller: bool = False) -> None:
        """Refuse a visit on short notice, at its field.

        Raises:
            VisitTooSoon: it is sooner than the earliest moment.
        """
        earliest = self.earliest(ticket, asked_at, by_caller=by_caller)
        if visit_from < earliest:
            problem = FieldProblem(field="visit_from", rule=f"must be {earliest.isoformat()} or later")
            detail = f"the earliest moment of a visit is {earliest.isoformat()}, unless the ticket is urgent"
            raise VisitTooSoon(detail, [problem])


USUAL_NOTICE = VisitNotice()
"""One workday, where each day is one."""
