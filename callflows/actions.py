"""Actions of the inbound call flow: identify, look up, urge, tell progress."""

from collections.abc import Mapping

from pydantic import ValidationError

from crm.customers.model import CustomerView, Grade
from crm.customers.service import CustomerService
from crm.departments.service import DepartmentService
from crm.selfservice.errors import NoSuchReport
from crm.selfservice.model import ProgressQuery, Stage, TelephoneQuery
from crm.selfservice.service import SelfService
from crm.tickets.model import Actor, ActorKind
from crm.tickets.service import TicketService
from crm.tickets.views import TicketView
from ivr.actions import Action, ActionCall
from ivr.variables import JSON, read

CUSTOMER_VARIABLES = frozenset(
    {
        "customer.id",
        "customer.name",
        "customer.known",
        "customer.matches",
        "customer.protected",
        "customer.arrears_cents",
        "customer.language",
        "customer.grade",
        "customer.agent_id",
        "customer.own_agent_id",
    }
)
OFFER_VARIABLES = frozenset(
    {
        "offer.open",
        "offer.several",
        "offer.ticket_id",
        "offer.subject",
        "offer.department",
        "offer.prompt",
        "offer.urges",
    }
)
"""The open ticket that the caller may urge. It is not yet the matter of the call: `ticket.id` is, once it was urged."""

TICKET_OF_DEPARTMENT, TICKET_OF_NO_DEPARTMENT = "your_open_ticket", "your_undispatched_ticket"
SPOKEN_SUBJECT = 20
"""Characters of a ticket's subject that are spoken: enough to know it again."""
NO_TICKET: Mapping[str, JSON] = {"offer.open": False, "offer.several": False, "offer.urges": 0}

NO_PROGRESS = "progress_not_found"
PROGRESS_OF_DEPARTMENT = "progress_handled_by"
PROGRESS = {stage: f"progress_{stage.value}" for stage in Stage}
"""The prompt for each stage of a ticket."""
OFFERED = {"offer.prompt": frozenset({TICKET_OF_DEPARTMENT, TICKET_OF_NO_DEPARTMENT})}
VALUES = {**OFFERED, "customer.language": frozenset({"zh", "en"}), "customer.grade": frozenset(Grade)}
"""All values of the variables that have a fixed set of them."""


class CallerActions:
    """Actions of the inbound hotline."""

    def __init__(
        self,
        customers: CustomerService,
        tickets: TicketService,
        departments: DepartmentService,
        self_service: SelfService,
    ) -> None:
        self._customers = customers
        self._tickets = tickets
        self._departments = departments
        self._self_service = self_service

    def actions(self) -> dict[str, Action]:
        """Return the actions by the names that flows use."""
        found = CUSTOMER_VARIABLES | OFFER_VARIABLES
        table = [
            Action("identify_caller", self.identify_caller, sets=found, values=VALUES),
            Action(
                "find_account",
                self.find_account,
                arguments=frozenset({"account_number"}),
                values=VALUES,
                sets=found | {"account.own_number", "account.customer_id", "account.found"},
            ),
            Action(
                "check_account",
                self.check_account,
                arguments=frozenset({"check"}),
                values=VALUES,
                sets=found | {"account.checked"},
            ),
            Action("next_ticket", self.next_ticket, sets=OFFER_VARIABLES, values=OFFERED),
            Action("urge_ticket", self.urge_ticket, sets=frozenset({"ticket.id"})),
            Action(
                "find_progress",
                self.find_progress,
                arguments=frozenset({"number", "check"}),
                sets=frozenset({"progress.prompt", "progress.department"}),
                values={"progress.prompt": frozenset({NO_PROGRESS, PROGRESS_OF_DEPARTMENT, *PROGRESS.values()})},
            ),
        ]
        return {action.name: action for action in table}

    async def identify_caller(self, call: ActionCall) -> Mapping[str, JSON]:
        """Find the customer by the caller's number.

        Linked only where exactly one customer has the number; an agent tells several apart.
        """
        identification = await self._customers.identify(read(call.cursor.variables, "call.number"))
        if identification.customer is None:
            return {
                "customer.known": False,
                "customer.matches": len(identification.customers),
                "customer.language": None,
                **NO_TICKET,
            }
        return await self._caller(identification.customer)

    async def find_account(self, call: ActionCall) -> Mapping[str, JSON]:
        """Find the customer by a keyed account number.

        An account number is no secret: only a telephone number of the account makes its customer the caller at once.
        Other callers are checked first; until then the customer is only `account.customer_id`.
        """
        customer = await self._customers.by_account(str(call.arguments["account_number"]))
        if customer is None:
            return {"account.found": False, "account.own_number": False, "account.customer_id": None, **NO_TICKET}
        identification = await self._customers.identify(read(call.cursor.variables, "call.number"))
        is_own = any(found.id == customer.id for found in identification.customers)
        caller = await self._caller(customer) if is_own else NO_TICKET
        return {"account.found": True, "account.own_number": is_own, "account.customer_id": customer.id, **caller}

    async def check_account(self, call: ActionCall) -> Mapping[str, JSON]:
        """Check the keyed digits against the telephones of the account.

        Asked too often, the step fails, and the caller is led to a person.
        """
        customer_id = str(read(call.cursor.variables, "account.customer_id"))
        try:
            query = TelephoneQuery.model_validate(call.arguments)
        except ValidationError:
            return {"account.checked": False, **NO_TICKET}
        if not await self._self_service.has_telephone(customer_id, query.check, _asker(call)):
            return {"account.checked": False, **NO_TICKET}
        return {"account.checked": True, **await self._caller(await self._customers.get(customer_id))}

    async def next_ticket(self, call: ActionCall) -> Mapping[str, JSON]:
        """Offer the customer's next older open ticket; after the oldest, the newest."""
        variables = call.cursor.variables
        return await self._offer(str(read(variables, "customer.id")), after=read(variables, "offer.ticket_id"))

    async def urge_ticket(self, call: ActionCall) -> Mapping[str, JSON]:
        """Urge the offered ticket (催办): its department is notified.

        Counted once per call and ticket.
        """
        variables = call.cursor.variables
        ticket = await self._tickets.urge(
            str(read(variables, "offer.ticket_id")),
            Actor(
                kind=ActorKind.CALLER, id=read(variables, "customer.id"), name=read(variables, "customer.name") or ""
            ),
            channel="ivr",
            call_id=read(variables, "call.id"),
        )
        return {"ticket.id": ticket.id}

    async def find_progress(self, call: ActionCall) -> Mapping[str, JSON]:
        """Find how far a ticket is.

        The caller keys its number and four digits of a reporter's account or telephone. Asked too often, the step
        fails, and the caller is led to a person.
        """
        try:
            query = ProgressQuery.model_validate(call.arguments)
            found = await self._self_service.progress(query.number, query.check, _asker(call))
        except (ValidationError, NoSuchReport):
            return {"progress.prompt": NO_PROGRESS, "progress.department": ""}
        is_named = found.stage is Stage.HANDLED and found.department
        prompt = PROGRESS_OF_DEPARTMENT if is_named else PROGRESS[found.stage]
        return {"progress.prompt": prompt, "progress.department": found.department}

    async def _caller(self, customer: CustomerView) -> Mapping[str, JSON]:
        return {
            "customer.known": True,
            "customer.matches": 1,
            "customer.id": customer.id,
            "customer.protected": await self._customers.is_protected(customer.id),
            "customer.name": customer.name,
            "customer.arrears_cents": customer.arrears_cents,
            "customer.language": customer.language,
            "customer.grade": customer.grade,
            "customer.agent_id": await self._tickets.agent_of_open_tickets(customer.id),
            "customer.own_agent_id": customer.agent_id,
            **await self._offer(customer.id),
        }

    async def _offer(self, customer_id: str, *, after: str | None = None) -> Mapping[str, JSON]:
        """Return the variables of one open ticket.

        It is the newest, or the next older one.
        """
        tickets = await self._tickets.open_for_customer(customer_id)
        if not tickets:
            return NO_TICKET
        ticket = _next(tickets, after)
        department = await self._departments.get(ticket.department_id) if ticket.department_id else None
        return {
            "offer.open": True,
            "offer.several": len(tickets) > 1,
            # How often the customer urged before: the call's priority in the queue follows it.
            "offer.urges": max(one.urge_count for one in tickets),
            "offer.ticket_id": ticket.id,
            "offer.subject": ticket.subject[:SPOKEN_SUBJECT],
            "offer.department": department.name if department is not None else "",
            "offer.prompt": TICKET_OF_DEPARTMENT if department is not None else TICKET_OF_NO_DEPARTMENT,
        }


def _next(tickets: list[TicketView], after: str | None) -> TicketView:
    places = [place for place, ticket in enumerate(tickets) if ticket.id == after]
    return tickets[(places[0] + 1) % len(tickets)] if places else tickets[0]


def _asker(call: ActionCall) -> str:
    """Return the telephone number by which questions are counted."""
    return str(read(call.cursor.variables, "call.number") or "withheld")
