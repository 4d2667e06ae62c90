"""Improvement actions of the review meeting, tracked until done (H18)."""

from crm.departments.model import Department
from crm.sla import reporting
from crm.sla.errors import AlreadyDone, NoSuchAction, UnknownSlaReference
from crm.sla.model import ImprovementAction
from crm.sla.views import ImprovementInput, ImprovementView
from crm.tickets.model import Actor
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.problems import FieldProblem


class ImprovementService:
    """Improvement actions with owner, due date and outcome."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self, *, department_id: str | None, is_open: bool | None, limit: int) -> list[ImprovementView]:
        """Return open actions by due date, then those done."""
        async with self._database.read() as session:
            found = await reporting.improvements(session, department_id=department_id, is_open=is_open, limit=limit)
        return [ImprovementView.model_validate(row) for row in found]

    async def add(self, given: ImprovementInput, actor: Actor) -> ImprovementView:
        """Add an improvement action.

        Raises:
            UnknownSlaReference: there is no such department.
        """
        row = ImprovementAction(
            id=new_id("improvement"), created_by=actor.name, created_at=utc_now(), **given.model_dump()
        )
        async with self._database.write() as session:
            if given.department_id is not None and await session.get(Department, given.department_id) is None:
                problem = FieldProblem(field="department_id", rule="must exist")
                raise UnknownSlaReference(f"there is no department {given.department_id}", [problem])
            session.add(row)
        return ImprovementView.model_validate(row)

    async def done(self, action_id: str, outcome: str, actor: Actor) -> ImprovementView:
        """Mark an action as done, with its outcome.

        Raises:
            NoSuchAction: there is none.
            AlreadyDone: it was done before; its outcome stays.
        """
        async with self._database.write() as session:
            row = await session.get(ImprovementAction, action_id, with_for_update=True)
            if row is None:
                raise NoSuchAction(f"there is no improvement action {action_id}")
            if row.done_at is not None:
                raise AlreadyDone(f"{action_id} was done at {row.done_at.isoformat()}")
            row.done_at, row.done_by, row.outcome = utc_now(), actor.name, outcome
        return ImprovementView.model_validate(row)
