"""Screen pop: the facts of a call, as a desk shows them.

Times are epoch milliseconds, money is integer cents.
"""

import msgspec

from crm.customers.model import Grade
from crm.kinds import TicketKind
from crm.tickets.model import TicketStatus


class SpokenWording(msgspec.Struct, frozen=True):
    """Words for the agent in both languages."""

    zh: str
    en: str


class CallerNumber(msgspec.Struct, frozen=True):
    """Caller's number as shown, with its origin."""

    display: str
    """E.164; or what came, cut and stripped of control characters, where it is no number."""
    origin: SpokenWording | None = None
    """Region and carrier, where they are known."""


class CustomerCard(msgspec.Struct, frozen=True):
    """Customer that the caller may be."""

    id: str
    account_number: str
    name: str
    address: str
    area: str
    grade: Grade
    arrears_cents: int
    contract_active: bool
    missing: list[str] = []
    """Base data that are not known yet: to be asked now (H15)."""
    own_agent: str | None = None
    """Name and staff number of the customer's own agent (H20)."""
    why: SpokenWording | None = None
    """Why this one is proposed first among several; None where nothing speaks for it."""


class PopTicket(msgspec.Struct, frozen=True):
    """Ticket in a pop."""

    id: str
    number: str
    kind: TicketKind
    status: TicketStatus
    subject: str
    registered_at_ms: int
    urge_count: int = 0
    joined: bool = False
    """Ticket of another customer that the caller reports too (H4)."""


class PopCall(msgspec.Struct, frozen=True):
    """Earlier call in a pop."""

    id: str
    direction: str
    started_at_ms: int
    outcome: str
    queue: str | None = None
    talk_ms: int = 0
    ticket_id: str | None = None


class HistoryView(msgspec.Struct, frozen=True):
    """History of the customer's last days, newest first."""

    days: int
    tickets: list[PopTicket]
    calls: list[PopCall]


class PopSimilar(msgspec.Struct, frozen=True):
    """Open ticket that may be about the same matter, with the reason."""

    ticket: PopTicket
    score: float
    """0 to 1."""
    why: list[SpokenWording]


class PopNotice(msgspec.Struct, frozen=True):
    """Notice of an area that one of the customers may live in."""

    id: str
    area: str
    text: SpokenWording
    ends_at_ms: int


class PopCallBack(msgspec.Struct, frozen=True):
    """Call back that the caller asked for."""

    asked_at_ms: int
    """When the caller joined the queue."""
    window: SpokenWording | None = None
    """Time that the caller chose; None: as soon as possible."""


class Pop(msgspec.Struct, frozen=True):
    """Screen pop: the facts of a call before the phone rings (H4, H5, H9)."""

    id: str
    call_id: str
    offered_at_ms: int
    queue: str
    waited_ms: int
    greeting: SpokenWording
    """Names the organisation and the agent's staff number."""
    number: CallerNumber | None = None
    """None where the caller withheld it."""
    customers: list[CustomerCard] = []
    customer_id: str | None = None
    """Who it is, where that is certain; otherwise the agent chooses among `customers`."""
    history: HistoryView | None = None
    open_tickets: list[PopTicket] = []
    similar: list[PopSimilar] = []
    keys: list[str] = []
    """Keys pressed in the menus, in order."""
    kind: str | None = None
    """Kind of matter chosen in the menus."""
    arrears: SpokenWording | None = None
    """Reminder of arrears; None where nothing is owed."""
    notices: list[PopNotice] = []
    """What holds now in the areas of `customers`, newest first."""
    call_back: PopCallBack | None = None
    """The call goes out to a caller who asked for it."""
