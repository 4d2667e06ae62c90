"""Use cases of forms."""

from sqlalchemy.exc import IntegrityError

from crm.kinds import TicketKind
from crm.tickets.errors import FormChangedMeanwhile, NoSuchForm
from crm.tickets.forms import store
from crm.tickets.forms.model import FormInput, FormView, TicketForm
from crm.tickets.model import Actor
from foundation.clock import utc_now
from foundation.database import Database
from foundation.problems import FieldProblem


class FormService:
    """Forms of each kind; a new version counts for later tickets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[FormView]:
        """Return the form in force of each kind."""
        async with self._database.read() as session:
            return [await store.in_force(session, kind) for kind in TicketKind]

    async def of_version(self, kind: TicketKind, version: int) -> FormView:
        """Return a version of a form, as named by a ticket.

        Raises:
            NoSuchForm: there was no such version.
        """
        async with self._database.read() as session:
            found = await store.of_version(session, kind, version)
        if found is None:
            raise NoSuchForm(f"there is no version {version} of the form of a {kind}")
        return found

    async def replace(self, kind: TicketKind, given: FormInput, version: int, actor: Actor) -> FormView:
        """Replace a form; `version` is the one it was made from.

        Raises:
            FormChangedMeanwhile: another form is in force by now.
        """
        row = TicketForm(
            kind=kind,
            version=version + 1,
            fields=[field.model_dump(mode="json") for field in given.fields],
            changed_by=actor.name,
            changed_at=utc_now(),
        )
        try:
            async with self._database.write() as session:
                current = (await store.in_force(session, kind)).version
                if current != version:
                    raise _conflict(kind, current)
                session.add(row)
        except IntegrityError as error:
            raise _conflict(kind, version + 1) from error
        return FormView.model_validate(row)


def _conflict(kind: TicketKind, current: int) -> FormChangedMeanwhile:
    problem = FieldProblem(field="version", rule=f"must be {current}; read the form again")
    return FormChangedMeanwhile(f"the form of a {kind} is at version {current}", [problem])
