"""What can be refused about appointments."""

from foundation.problems import Conflict, Invalid


class WindowFull(Conflict):
    """Everybody who could come then is booked."""

    slug = "window-full"
    title = "This window is booked out"


class NoSuchWindow(Invalid):
    """The department offers no such window, or it is over."""

    slug = "no-such-window"


class NotVisited(Conflict):
    """Nobody visits for a ticket of this kind."""

    slug = "not-visited"
    title = "Nobody visits for this kind of ticket"


class NoAppointment(Conflict):
    """There is nothing to cancel."""

    slug = "no-appointment"
    title = "No visit is booked"
