"""Reading forms and replacing them."""

from sqlalchemy.exc import IntegrityError

from crm.tickets.errors import FormChangedMeanwhile, NoSuchForm
from crm.tickets.forms import store
from crm.tickets.forms.model import FormInput, FormView, TicketForm
from crm.tickets.model import Actor, TicketKind
from foundation.clock import utc_now
from foundation.database import Database
from foundation.problems import FieldProblem


class FormService:
    """The form of each kind of ticket. A new version is in force for what is filed from then on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[FormView]:
        """Every kind's form in force."""
        async with self._database.read() as session:
            return [await store.in_force(session, kind) for kind in TicketKind]

    async def of_version(self, kind: TicketKind, version: int) -> FormView:
        """A form as it was when a ticket was filed.

        Raises:
            NoSuchForm: there was no such version.
        """
        async with self._database.read() as session:
            found = await store.of_version(session, kind, version)
        if found is None:
            raise NoSuchForm(f"there is no version {version} of the form of a {kind}")
        return found

    async def replace(self, kind: TicketKind, given: FormInput, version: int, actor: Actor) -> FormView:
        """Put another form in force; `version` is the one it was made from.

        Raises:
            FormChangedMeanwhile: that is not the form in force any more.
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
