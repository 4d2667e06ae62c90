"""Kinds of tickets, which causes and forms know too."""

from enum import StrEnum


class TicketKind(StrEnum):
    """Kind of a ticket (工单类型, H1–H3)."""

    CONSULTATION = "consultation"
    COMPLAINT = "complaint"
    SUGGESTION = "suggestion"
    FAULT = "fault"
    AFTER_SALES = "after_sales"
    """Application for a repair, an exchange or a refund (H12)."""
