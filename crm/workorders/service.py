"""Use case of work orders."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from crm.customers import audit
from crm.customers.audit import CustomerAction
from crm.customers.phone import written
from crm.personal_data.serializer import masked
from crm.tickets.errors import TicketNotFound
from crm.tickets.forms.model import FormField
from crm.tickets.log_facts import read_facts
from crm.tickets.model import CLOSED, Urgency
from crm.tickets.service import TicketService
from crm.tickets.transitions import TicketAction
from crm.tickets.views import ReporterView, TicketDetail
from crm.workorders import store
from crm.workorders.model import WORDS, Language, WorkOrder
from foundation.clock import utc_now
from foundation.database import Database
from foundation.routes import Principal


class WorkOrderService:
    """Builds work orders; `link` is a ticket's address with `{number}` in it."""

    def __init__(
        self,
        database: Database,
        tickets: TicketService,
        *,
        link: str,
        organisation: Mapping[str, str],
        time_zone: str = "Asia/Shanghai",
    ) -> None:
        self._database = database
        self._tickets = tickets
        self._link = link
        self._organisation = organisation
        self._zone = ZoneInfo(time_zone)

    async def of(self, ticket_id: str, language: Language, reader: Principal) -> WorkOrder:
        """Build a ticket's work order, masked for its reader.

        A department that works on the ticket gets the reporters' numbers, which the worker needs to reach them: the
        print is recorded as a look at masked data (S29).

        Raises:
            TicketNotFound: there is no such ticket, or it is with another department (S7).
        """
        whole = await self._tickets.get(ticket_id)
        if not await self._tickets.may_see(whole, reader.role, reader.department_id):
            raise TicketNotFound(f"there is no ticket {ticket_id}")
        ticket = masked(whole, reader.role)
        if whole.status not in CLOSED and await self._tickets.works_on(whole, reader.role, reader.department_id):
            await self._record_look(whole, reader)
            ticket = ticket.model_copy(update={"reporters": whole.reporters})
        async with self._database.read() as session:
            around = await store.around(session, ticket)
        by = f"{reader.name} ({reader.staff_number})"
        return WorkOrder(
            language=language,
            organisation=self._organisation[language],
            number=ticket.number,
            link=self._link.replace("{number}", ticket.number),
            urgency=WORDS[ticket.urgency][language],
            is_urgent=ticket.urgency is not Urgency.NORMAL,
            facts=[(label, value) for label, value in self._facts(ticket, around, language) if value],
            subject=ticket.subject,
            description=ticket.description,
            additions=[
                (self._clock(entry.at), text)
                for entry in ticket.log
                if entry.action == TicketAction.APPEND and (text := read_facts(entry.detail).text)
            ],
            printed=f"{WORDS['printed'][language]} {self._clock(utc_now())} · {by}",
        )

    async def _record_look(self, ticket: TicketDetail, reader: Principal) -> None:
        facts = {"reason": audit.PRINTED, "fields": ["number"], "ticket": ticket.number}
        async with self._database.write() as session:
            for subject in sorted({reporter.customer_id or ticket.id for reporter in ticket.reporters}):
                audit.record(session, subject, 0, CustomerAction.LOOK, reader, facts)

    def _facts(self, ticket: TicketDetail, around: store.Around, language: Language) -> Iterator[tuple[str, str]]:
        def word(key: str) -> str:
            return WORDS[key][language]

        first, others = ticket.reporters[:1], ticket.reporters[1:]
        yield word("kind"), word(ticket.kind)
        yield word("category"), around.category
        yield word("registered"), self._clock(ticket.registered_at)
        yield word("due"), self._clock(around.due_at)
        yield word("department"), around.department
        yield word("person"), around.person
        yield word("contact"), " ".join(_reporter(reporter) for reporter in first)
        yield word("account"), around.account
        yield word("address"), ticket.address
        yield word("area"), ticket.area
        visit = [self._clock(ticket.visit_from), self._clock(ticket.visit_until)]
        yield word("visit" if ticket.visit_booked else "wish"), " – ".join(filter(None, visit))
        yield word("others"), "; ".join(_reporter(reporter) for reporter in others)
        yield word("urged"), str(ticket.urge_count or "")
        yield word("redo"), str(ticket.redo_count or "")
        for field in around.fields:
            yield (field.zh if language is Language.ZH else field.en), _answer(field, ticket.form, language)

    def _clock(self, moment: datetime | None) -> str:
        """Format a moment in local time."""
        return f"{moment.astimezone(self._zone):%Y-%m-%d %H:%M}" if moment is not None else ""


def _reporter(reporter: ReporterView) -> str:
    number = written(reporter.number, reporter.extension) if reporter.number is not None else ""
    return " ".join(filter(None, (reporter.name, number)))


def _answer(field: FormField, answers: Mapping[str, Any], language: Language) -> str:
    value = answers.get(field.name)
    if value is None:
        return ""
    if isinstance(value, bool):
        return WORDS["yes" if value else "no"][language]
    chosen = next((choice for choice in field.choices if choice.value == value), None)
    if chosen is not None:
        return chosen.zh if language is Language.ZH else chosen.en
    return str(value)
