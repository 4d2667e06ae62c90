"""Windows in which the sample departments visit."""

from collections.abc import Sequence

from sqlalchemy.exc import IntegrityError

from crm.appointments.errors import WindowsChanged
from crm.appointments.model import WeekInput, WindowInput
from crm.appointments.service import AppointmentService

CLOCKS = (("08:00", "10:00"), ("10:00", "12:00"), ("14:00", "16:00"), ("16:00", "18:00"))
PLACES = 3
WEEK = [
    WindowInput(weekday=weekday, from_clock=begins, until_clock=ends, places=PLACES)
    for weekday in range(1, 8)
    for begins, ends in CLOCKS
]


async def load(service: AppointmentService, departments: Sequence[str]) -> None:
    """Enter the week of each department that has none."""
    for department_id in departments:
        if not await service.week(department_id):
            try:
                await service.enter_week(department_id, WeekInput(windows=WEEK, before=[]))
            except (WindowsChanged, IntegrityError):
                # Another process loads the same data at this moment.
                continue
