"""Use cases of tiers."""

from crm.departments.model import Department
from crm.tickets.errors import NoHigherTier
from crm.tickets.model import Actor
from crm.tickets.state_change import Change
from crm.tickets.tiers.model import PassState, TicketPass
from crm.tickets.transitions import TicketAction
from crm.tickets.unit_of_work import TicketUnitOfWork, must_be_there
from crm.tickets.views import TicketView
from foundation.clock import utc_now
from foundation.ids import new_id


class TierService:
    """Passes tickets up the tiers; a reply from above goes back down."""

    def __init__(self, tickets: TicketUnitOfWork) -> None:
        self._tickets = tickets

    async def pass_up(
        self, ticket_id: str, reason: str, actor: Actor, *, expected_version: int | None = None
    ) -> TicketView:
        """Pass a ticket to the department above.

        Raises:
            NoHigherTier: there is no department above.
            UnknownReference: the department above is out of use.
        """
        async with self._tickets.change(ticket_id, TicketAction.PASS_UP, actor, expected_version) as made:
            ticket = made.ticket
            below = await made.session.get_one(Department, ticket.department_id)
            if below.parent_id is None:
                raise NoHigherTier(f"there is no department above {below.name}")
            await must_be_there(made.session, below.parent_id, None)
            step = TicketPass(
                id=new_id("pass"),
                ticket_id=ticket_id,
                version=ticket.version + 1,
                from_department_id=below.id,
                from_person_id=ticket.person_id,
                to_department_id=below.parent_id,
                reason=reason,
                passed_by=actor.name,
                passed_at=utc_now(),
            )
            made.session.add(step)
            made.detail.update(reason=reason)
            ticket.shared = True
            await made.hand_to(below.parent_id, None)
        return TicketView.model_validate(made.ticket)


async def answer_down(made: Change, step: TicketPass, text: str, actor: Actor) -> None:
    """Return the ticket to the department below, with the answer from above."""
    step.state, step.answer = PassState.ANSWERED, text
    step.answered_by, step.answered_at = actor.name, utc_now()
    made.detail.update(text=text)
    await made.hand_to(step.from_department_id, step.from_person_id)
