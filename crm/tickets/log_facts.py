"""Typed view of a ticket's log entries."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

Answers = Mapping[str, bool | int | str]
"""Answers of a survey by question; empty: the customer was not reached."""


class LogFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of a logged action; missing or erased ones are empty.

    Entries of every release are read: fields that are not listed here are ignored.
    """

    call_id: str | None = None
    recording_id: str | None = None
    text: str | None = None
    instruction: str | None = None
    explanation: str | None = None
    grounds: str | None = None
    finding: str | None = None
    decision: str | None = None
    reason: str | None = None
    note: str | None = None
    until: datetime | None = None
    visit_from: datetime | None = None
    to_department: str | None = None
    """The department that gets the ticket by this action."""
    from_department: str | None = None
    asked_departments: tuple[str, ...] = ()
    corrected: tuple[str, ...] = ()
    """Names of the fields that a correction changed."""
    to_urgency: str | None = None
    withdrawn_extension: datetime | None = None
    into: str | None = None
    """The ticket that this one is merged into."""
    merged: str | None = None
    """The ticket that is merged into this one."""
    out_of: str | None = None
    """The ticket that this one is taken out of."""
    unmerged: str | None = None
    """The ticket that is taken out of this one."""
    into_number: str | None = None
    merged_number: str | None = None
    out_of_number: str | None = None
    unmerged_number: str | None = None

    @property
    def words(self) -> str:
        """Most telling text that a person wrote with the action, or empty."""
        written = (
            *(self.text, self.instruction, self.explanation, self.grounds, self.finding),
            *(self.decision, self.reason, self.note),
        )
        return next((text for text in written if text), "")

    @property
    def other_number(self) -> str:
        """Number of the other ticket of a merge, or empty."""
        numbers = (self.into_number, self.merged_number, self.out_of_number, self.unmerged_number)
        return next((number for number in numbers if number), "")


def read_facts(detail: Mapping[str, object]) -> LogFacts:
    """Return the facts in the detail of a log entry."""
    return msgspec.convert({name: value for name, value in detail.items() if value is not None}, LogFacts)
