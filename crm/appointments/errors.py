"""Refusals about visits."""

from foundation.problems import Conflict, Invalid


class WindowFull(Conflict):
    """All places of the window are booked."""

    slug = "window-full"
    title = "All places of this window are booked"


class NoSuchWindow(Invalid):
    """The department offers no such window."""

    slug = "no-such-window"


class VisitTooSoon(Invalid):
    """The visit is sooner than the department's notice, and not urgent."""

    slug = "visit-too-soon"


class WindowsChanged(Conflict):
    """Another person changed the department's windows meanwhile."""

    slug = "windows-changed"
    title = "Another person changed these windows meanwhile"


class NotVisited(Conflict):
    """Tickets of this kind have no visits."""

    slug = "not-visited"
    title = "Tickets of this kind have no visits"


class NoAppointment(Conflict):
    """No visit is booked."""

    slug = "no-appointment"
    title = "No visit is booked"
