"""Refusals about scheduled reports."""

from foundation.problems import FieldProblem, Invalid, NotFound


class ReportPlanNotFound(NotFound):
    """Plan that does not exist."""

    slug = "report-plan-not-found"
    title = "There is no such report plan"


class ReportRunNotFound(NotFound):
    """Report that was not made, or is no longer kept."""

    slug = "report-run-not-found"
    title = "There is no such report"


class MailboxInvalid(Invalid):
    """Mailbox of a plan that no mail can go to."""

    slug = "report-mailbox-invalid"
    title = "A mailbox of the report is wrong"

    def __init__(self, place: int) -> None:
        rule = "must be a mailbox such as duty@example.org"
        super().__init__(f"mailboxes.{place} {rule}", [FieldProblem(field=f"mailboxes.{place}", rule=rule)])
