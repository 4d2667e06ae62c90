"""Use cases of refusals and rulings."""

from pydantic import BaseModel
from pydantic import Field as InputField

from crm.categories import store as categories_store
from crm.text import Lines
from crm.tickets.errors import AlreadyOverruled, SameDepartment
from crm.tickets.files.model import FileIds
from crm.tickets.files.naming import name_files
from crm.tickets.model import Actor
from crm.tickets.refusals import store
from crm.tickets.refusals.model import EVIDENCE, OwnRefusal, RefusalReason, RefusalView, Ruling, TicketRefusal
from crm.tickets.state_change import Change
from crm.tickets.tiers import store as tiers_store
from crm.tickets.transitions import TicketAction
from crm.tickets.unit_of_work import TicketUnitOfWork, must_be_recorded, must_be_there
from crm.tickets.views import TicketView
from foundation.clock import utc_now
from foundation.ids import new_id
from foundation.problems import FieldProblem

SHOWN = 100
"""Own refusals that a department is shown."""
ABOUT_RESPONSIBILITY = frozenset({RefusalReason.NOT_OUR_AREA, RefusalReason.NOT_OUR_DUTY})
"""Reasons about responsibility: their rulings improve the proposals of departments."""


class RefuseTicket(BaseModel, extra="forbid"):
    """Refusal as entered: reason, explanation, optional evidence."""

    reason: RefusalReason
    explanation: Lines = InputField(min_length=4, max_length=2000)
    evidence_recording_id: str | None = InputField(default=None, pattern=r"^rec-[0-9a-z]{26}$")
    file_ids: FileIds = InputField(default=[])


class RefusalService:
    """Refuses tickets and rules on refusals (退单裁定)."""

    def __init__(self, tickets: TicketUnitOfWork) -> None:
        self._tickets = tickets

    async def refuse(
        self, ticket_id: str, given: RefuseTicket, actor: Actor, *, expected_version: int | None = None
    ) -> TicketView:
        """Refuse a ticket: it has no department until a supervisor rules (退单).

        Raises:
            AlreadyOverruled: a refusal of this department was overruled before.
            UnknownReference: the evidence is no existing recording, or no file that the actor uploaded for this.
        """
        async with self._tickets.change(ticket_id, TicketAction.REFUSE, actor, expected_version) as made:
            ticket, department_id = made.ticket, made.ticket.department_id
            assert department_id is not None, "a dispatched ticket has a department"
            if await store.was_overruled(made.session, ticket_id, department_id):
                raise AlreadyOverruled(f"a refusal of ticket {ticket.number} was overruled: it cannot be refused again")
            evidence = given.evidence_recording_id
            if evidence is not None:
                recordings = self._tickets.recordings
                await must_be_recorded(made.session, recordings, "evidence_recording_id", evidence, actor)
            refusal = TicketRefusal(
                id=new_id("refusal"),
                ticket_id=ticket_id,
                department_id=department_id,
                person_id=ticket.person_id,
                at=utc_now(),
                **given.model_dump(include={"reason", "explanation", "evidence_recording_id"}),
            )
            made.session.add(refusal)
            await name_files(made, given.file_ids, actor)
            if evidence is not None:
                await made.attach(evidence, EVIDENCE)
            made.detail.update(reason=given.reason, explanation=given.explanation, by_department=department_id)
            ticket.department_id, ticket.person_id = None, None
        return TicketView.model_validate(made.ticket)

    async def of_department(self, department_id: str) -> list[OwnRefusal]:
        """Return a department's own refusals, newest first."""
        async with self._tickets.database.read() as session:
            found = await store.of_department(session, department_id, SHOWN)
        return [
            OwnRefusal(
                **RefusalView.model_validate(refusal).model_dump(include=set(OwnRefusal.model_fields)),
                ticket_id=ticket.id,
                number=ticket.number,
                subject=ticket.subject,
                is_ours=ticket.department_id == department_id,
            )
            for refusal, ticket in found
        ]

    async def uphold(
        self,
        ticket_id: str,
        department_id: str,
        reason: str,
        actor: Actor,
        *,
        person_id: str | None = None,
        expected_version: int | None = None,
    ) -> TicketView:
        """Uphold a refusal and dispatch the ticket to another department.

        Raises:
            SameDepartment: it is the department that refused.
            UnknownReference: no such department, or the person is not in it.
        """
        async with self._tickets.change(ticket_id, TicketAction.UPHOLD, actor, expected_version) as made:
            refusal = await store.undecided(made.session, ticket_id)
            if department_id == refusal.department_id:
                problem = FieldProblem(
                    field="department_id", rule="must be another than the one that was right to refuse"
                )
                raise SameDepartment("an upheld refusal sends the ticket elsewhere", [problem])
            await must_be_there(made.session, department_id, person_id)
            await tiers_store.withdraw(made.session, ticket_id)
            _rule(made, refusal, Ruling.UPHELD, reason, actor)
            await _learn(made, refusal, department_id)
            await made.hand_to(department_id, person_id)
        return TicketView.model_validate(made.ticket)

    async def overrule(
        self, ticket_id: str, reason: str, actor: Actor, *, expected_version: int | None = None
    ) -> TicketView:
        """Overrule a refusal: the department gets the ticket back for good."""
        async with self._tickets.change(ticket_id, TicketAction.OVERRULE, actor, expected_version) as made:
            refusal = await store.undecided(made.session, ticket_id)
            _rule(made, refusal, Ruling.OVERRULED, reason, actor)
            await _learn(made, refusal, refusal.department_id)
            await made.hand_to(refusal.department_id, refusal.person_id)
        return TicketView.model_validate(made.ticket)


def _rule(made: Change, refusal: TicketRefusal, ruling: Ruling, reason: str, actor: Actor) -> None:
    refusal.ruling, refusal.ruling_reason = ruling, reason
    refusal.ruled_by, refusal.ruled_at = actor.name, utc_now()
    made.detail.update(reason=reason, refused_by=refusal.department_id)


async def _learn(made: Change, refusal: TicketRefusal, department_id: str) -> None:
    """Count a ruling for the department proposals of its category and area."""
    ticket = made.ticket
    if ticket.category_id is None or refusal.reason not in ABOUT_RESPONSIBILITY:
        return
    is_theirs = {refusal.department_id: False} | {department_id: True}
    # One order for all rulings prevents deadlocks between two of them.
    for one in sorted(is_theirs):
        await categories_store.count(made.session, ticket.category_id, ticket.area, one, theirs=is_theirs[one])
