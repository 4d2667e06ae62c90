"""Refusals to customers."""

from foundation.problems import Conflict, Invalid, NotFound


class NoSuchReport(NotFound):
    """No such ticket, or a wrong check: both look the same (S7)."""

    slug = "no-such-report"
    title = "Number and check do not belong together"

    def __init__(self) -> None:
        super().__init__("Check the ticket's number and the last four digits.")


class WrongVisitCode(NotFound):
    """No such ticket, or a wrong code: both look the same (S7)."""

    slug = "wrong-visit-code"
    title = "Number and code do not belong together"

    def __init__(self) -> None:
        super().__init__("Check the ticket's number and the code of eight digits.")


class NoVisitAhead(Conflict):
    """No visit is booked, or it has begun."""

    slug = "no-visit-ahead"

    def __init__(self) -> None:
        super().__init__("There is no visit to change; call the hotline to agree on one.")


class KeyNeeded(Invalid):
    """A web form that is sent twice must not file twice."""

    slug = "idempotency-key"
    title = "An Idempotency-Key is needed"


class NotTaken(Invalid):
    """A form that no person filled; the answer does not say why."""

    slug = "not-taken"
    title = "The report was not taken"

    def __init__(self) -> None:
        super().__init__("Wait a moment and send it again, or call the hotline.")
