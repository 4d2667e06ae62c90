"""The few things a flow may make happen: find out who calls, find an account, urge a ticket, tell its progress."""

from collections.abc import Mapping

from pydantic import ValidationError

from crm.customers.model import CustomerView
from crm.customers.service import CustomerService
from crm.departments.service import DepartmentService
from crm.selfservice.errors import NoSuchReport
from crm.selfservice.model import ProgressQuery, Stage
from crm.selfservice.service import SelfService
from crm.tickets.model import Actor, ActorKind, TicketView
from crm.tickets.service import TicketService
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
    }
)
TICKET_VARIABLES = frozenset(
    {"ticket.open", "ticket.id", "ticket.number", "ticket.subject", "ticket.department", "ticket.status"}
)
NO_PROGRESS = "progress_not_found"
PROGRESS_OF_DEPARTMENT = "progress_handled_by"
PROGRESS = {stage: f"progress_{stage.value}" for stage in Stage}
"""What is said of a ticket that is so far."""


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
        """By name, as flows call them."""
        found = CUSTOMER_VARIABLES | TICKET_VARIABLES
        table = [
            Action("identify_caller", self.identify_caller, sets=found),
            Action("find_account", self.find_account, arguments=frozenset({"account_number"}), sets=found),
            Action(
                "find_progress",
                self.find_progress,
                arguments=frozenset({"number", "check"}),
                sets=frozenset({"progress.prompt", "progress.department"}),
            ),
            Action("urge_ticket", self.urge_ticket, sets=frozenset({"call.served", "ticket.urge_count"})),
        ]
        return {action.name: action for action in table}

    async def identify_caller(self, call: ActionCall) -> Mapping[str, JSON]:
        """Who calls, by number: linked only where exactly one customer has it; an agent tells several apart."""
        number = read(call.cursor.variables, "call.number")
        identification = await self._customers.identify(number)
        if identification.customer is None:
            return {
                "customer.known": False,
                "customer.matches": len(identification.customers),
                "customer.language": None,
                "ticket.open": False,
            }
        return await self._found(identification.customer)

    async def find_account(self, call: ActionCall) -> Mapping[str, JSON]:
        """Who calls, by the account number he keyed."""
        customer = await self._customers.by_account(str(call.arguments["account_number"]))
        if customer is None:
            return {"customer.known": False, "ticket.open": False}
        return await self._found(customer)

    async def find_progress(self, call: ActionCall) -> Mapping[str, JSON]:
        """How far a ticket is, for who keys its number and four digits of a reporter's account or telephone.

        Asked too often, the step fails, and a person helps.
        """
        asker = str(read(call.cursor.variables, "call.number") or "withheld")
        try:
            query = ProgressQuery.model_validate(call.arguments)
            found = await self._self_service.progress(query.number, query.check, asker)
        except (ValidationError, NoSuchReport):
            return {"progress.prompt": NO_PROGRESS, "progress.department": ""}
        said = PROGRESS_OF_DEPARTMENT if found.stage is Stage.HANDLED and found.department else PROGRESS[found.stage]
        return {"progress.prompt": said, "progress.department": found.department}

    async def urge_ticket(self, call: ActionCall) -> Mapping[str, JSON]:
        """Urge the caller's open ticket (催办): whoever holds it hears of it again. Once per call, if repeated."""
        variables = call.cursor.variables
        ticket = await self._tickets.urge(
            str(read(variables, "ticket.id")),
            Actor(
                kind=ActorKind.CALLER, id=read(variables, "customer.id"), name=read(variables, "customer.name") or ""
            ),
            channel="ivr",
            call_id=read(variables, "call.id"),
        )
        return {"call.served": True, "ticket.urge_count": ticket.urge_count}

    async def _found(self, customer: CustomerView) -> Mapping[str, JSON]:
        tickets = await self._tickets.open_for_customer(customer.id)
        return {
            "customer.known": True,
            "customer.matches": 1,
            "customer.id": customer.id,
            "customer.protected": await self._customers.is_protected(customer.id),
            "customer.name": customer.name,
            "customer.arrears_cents": customer.arrears_cents,
            "customer.language": customer.language,
            **(await self._open_ticket(tickets[0]) if tickets else {"ticket.open": False}),
        }

    async def _open_ticket(self, ticket: TicketView) -> Mapping[str, JSON]:
        department = await self._departments.get(ticket.department_id) if ticket.department_id else None
        return {
            "ticket.open": True,
            "ticket.id": ticket.id,
            "ticket.number": ticket.number,
            "ticket.subject": ticket.subject,
            "ticket.department": department.name if department is not None else "",
            "ticket.status": ticket.status,
        }
