"""Reports by a web form, and the progress of a reporter's ticket."""

import hmac
from datetime import timedelta

from crm.categories import store as categories_store
from crm.categories.kinds import shown
from crm.selfservice import store
from crm.selfservice.errors import NoSuchReport, NotTaken
from crm.selfservice.files import owner_of
from crm.selfservice.limits import Limit, Limiter
from crm.selfservice.model import (
    STAGES,
    WORDS,
    KnownMatter,
    MatterQuery,
    OfferedCategory,
    OfferedForm,
    Progress,
    PublicHotline,
    Receipt,
    WebReport,
)
from crm.tickets.files.naming import UploadedFiles
from crm.tickets.inputs import FileTicket, Reporter
from crm.tickets.model import Actor, ActorKind, Channel, Ticket
from crm.tickets.service import TicketService
from foundation.clock import utc_now
from foundation.database import Database

READINGS_OF_ADDRESS = Limit(120, 600)
"""Of forms, causes and the number to dial: a page that is opened reads each once."""
REPORTS_OF_ADDRESS = Limit(10, 600)
"""A family, a shop, an office behind one address."""
REPORTS_OF_NUMBER = Limit(10, 86_400)
QUESTIONS_OF_ADDRESS = Limit(30, 600)
QUESTIONS_ABOUT_TICKET = Limit(10, 3600)
"""Right or wrong, whether there is such a ticket or not: four digits are not guessed in so few."""
MANY = 5
"""Numbers that report one cause in an area before others learn of it."""
LATELY = timedelta(days=2)
LEAST_SECONDS = 3
"""No person fills the form in less."""
OF_A_PERSON = {"website", "seconds"}


class SelfService:
    """Public services; `limiter` bounds their use."""

    def __init__(
        self,
        database: Database,
        tickets: TicketService,
        limiter: Limiter,
        hotline: str = "",
        time_zone: str = "Asia/Shanghai",
    ) -> None:
        self._hotline = PublicHotline(hotline=hotline, time_zone=time_zone)
        self._database = database
        self._tickets = tickets
        self._limiter = limiter

    async def forms(self, address: str) -> list[OfferedForm]:
        """Return the form of each kind of report.

        Raises:
            TooMany: from this address.
        """
        await self._limiter.count("offer", address, READINGS_OF_ADDRESS)
        return [OfferedForm.model_validate(form) for form in await self._tickets.forms.all()]

    async def number_to_dial(self, address: str) -> PublicHotline:
        """Return the hotline's number and clock.

        Raises:
            TooMany: from this address.
        """
        await self._limiter.count("offer", address, READINGS_OF_ADDRESS)
        return self._hotline

    async def categories(self, address: str) -> list[OfferedCategory]:
        """The causes that a report may name.

        Raises:
            TooMany: from this address.
        """
        await self._limiter.count("offer", address, READINGS_OF_ADDRESS)
        async with self._database.read() as session:
            nodes = {node.id: node for node in await categories_store.categories(session)}
        return [OfferedCategory.model_validate(shown(nodes, node)) for node in nodes.values() if node.active]

    async def known_matter(self, given: MatterQuery, address: str) -> KnownMatter:
        """Return whether many people nearby reported this cause lately.

        So many that it tells nothing about any of them.

        Raises:
            TooMany: from this address.
        """
        await self._limiter.count("offer", address, READINGS_OF_ADDRESS)
        async with self._database.read() as session:
            areas = await store.areas_of_many(session, given.category_id, utc_now() - LATELY, MANY)
        return KnownMatter(many=any(area in given.address for area in areas))

    async def report(self, given: WebReport, idempotency_key: str, address: str) -> Receipt:
        """File a report of a web form (H12) and return its number.

        The same key from the same telephone number is the same report. The account is believed only where the number
        is one of its own; without one the report is linked as every other is, by the number alone.

        Raises:
            TooMany: from this address, or for this number.
            NotTaken: no person filled the form.
            FormNotFilled: the answers are not what the kind's form asks.
            UnknownReference: there is no such category, it is out of use, or a file belongs to no such report.
        """
        await self._limiter.count("intake", address, REPORTS_OF_ADDRESS)
        if given.website or (given.seconds is not None and given.seconds < LEAST_SECONDS):
            raise NotTaken
        await self._limiter.count("intake-number", given.number, REPORTS_OF_NUMBER)
        customer_id = None
        if given.account_number is not None:
            async with self._database.read() as session:
                customer_id = await store.customer_of(session, given.account_number, given.number)
        filing = FileTicket(
            channel=Channel.WEB,
            reporter=Reporter(customer_id=customer_id, number=given.number, name=given.name),
            **given.model_dump(exclude={"name", "number", "account_number", "file_ids", *OF_A_PERSON}),
        )
        sender = Actor(kind=ActorKind.CALLER, id=customer_id, name=given.name)
        files = UploadedFiles(owner_of(idempotency_key), given.file_ids)
        filed = await self._tickets.file(filing, sender, f"web:{given.number}:{idempotency_key}", files)
        if filed.version > 1:
            # The secret of a ticket that was there before stays with the one who reported it first.
            return Receipt(number=filed.number, added=True)
        async with self._database.read() as session:
            return Receipt(number=filed.number, visit_code=(await session.get_one(Ticket, filed.id)).visit_code)

    async def progress(self, number: str, check: str, asker: str) -> Progress:
        """Return the progress of a ticket for one of its reporters.

        The check is four digits of a reporter's account or telephone.

        A merged ticket is as far as the one that stands for it.

        Args:
            asker: the address, or the telephone number, the question comes from.

        Raises:
            NoSuchReport: there is no such ticket, or the check is wrong.
            TooMany: from this asker, or about this ticket's number.
        """
        await self._limiter.count("progress", asker, QUESTIONS_OF_ADDRESS)
        await self._limiter.count("progress-ticket", number, QUESTIONS_ABOUT_TICKET)
        async with self._database.read() as session:
            found = await store.ticket_of(session, number)
            known = await store.reporters_known_by(session, found[0].id if found is not None else "")
            # Compared all of them, and also where there is nothing, so that no answer is quicker than another.
            matches = [_matches(value, check) for one in known or [("", "")] for value in one]
            if found is None or not any(matches):
                raise NoSuchReport
            ticket, head = found
            department = await store.department_name(session, head.department_id)
        return _told(ticket, head, department, alone=ticket is head and len(known) == 1)

    async def has_telephone(self, customer_id: str, check: str, asker: str) -> bool:
        """Check that a current telephone of the customer ends in four digits.

        Args:
            asker: the telephone number the question comes from.

        Raises:
            TooMany: from this asker, or about this customer.
        """
        await self._limiter.count("progress", asker, QUESTIONS_OF_ADDRESS)
        await self._limiter.count("account-check", customer_id, QUESTIONS_ABOUT_TICKET)
        async with self._database.read() as session:
            numbers = await store.telephones_of(session, customer_id)
        return True in [_matches(number, check) for number in numbers]


def _matches(value: str, check: str) -> bool:
    digits = "".join(character for character in value if character.isdigit())
    return hmac.compare_digest(digits[-4:].rjust(4, "-"), check)


def _told(ticket: Ticket, head: Ticket, department: str, *, alone: bool) -> Progress:
    stage = STAGES[head.status]
    return Progress(
        number=ticket.number,
        kind=ticket.kind,
        stage=stage,
        department=department,
        registered_at=ticket.registered_at,
        visit_from=ticket.visit_from if alone else None,
        visit_until=ticket.visit_until if alone else None,
        visit_booked=alone and ticket.visit_booked,
        closed_at=head.closed_at,
        **WORDS[stage],
    )
