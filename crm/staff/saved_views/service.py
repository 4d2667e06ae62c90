"""Use cases of saved views."""

from sqlmodel import col, func, or_, select

from crm.staff.model import Staff
from crm.staff.saved_views.errors import NotYours, ViewNotFound
from crm.staff.saved_views.model import MOST, SavedView, SavedViewInput, SavedViewView
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.problems import FieldProblem, Invalid
from foundation.routes import LEADERS, Principal


class SavedViewService:
    """Views of each person, and those that are shared."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def listed(self, place: str, by: Principal) -> list[SavedViewView]:
        """Return the views of a list that a person has, by name."""
        statement = (
            select(SavedView, Staff.name)
            .join(Staff, col(Staff.id) == col(SavedView.staff_id))
            .where(SavedView.place == place, or_(col(SavedView.staff_id) == by.staff_id, col(SavedView.shared)))
            .order_by(col(SavedView.name), col(SavedView.id))
        )
        async with self._database.read() as session:
            found = (await session.exec(statement)).all()
        return [_shown(view, name, by) for view, name in found]

    async def save(self, given: SavedViewInput, by: Principal) -> SavedViewView:
        """Save a view; one of the same name and owner is replaced.

        Raises:
            NotYours: the person may not share views.
            Invalid: the person has too many.
        """
        if given.shared and by.role not in LEADERS:
            raise NotYours("only a supervisor or an administrator shares a view")
        own = (SavedView.place == given.place, SavedView.staff_id == by.staff_id)
        async with self._database.write() as session:
            view = (await session.exec(select(SavedView).where(*own, SavedView.name == given.name))).first()
            if view is None:
                if (await session.exec(select(func.count()).select_from(SavedView).where(*own))).one() >= MOST:
                    problem = FieldProblem(field="name", rule=f"must be one of at most {MOST} views: remove one first")
                    raise Invalid("There are too many views.", [problem])
                view = SavedView(
                    id=new_id("view"), staff_id=by.staff_id, at=utc_now(), **given.model_dump(exclude={"at"})
                )
                session.add(view)
            view.query, view.shared, view.at = dict(given.query), given.shared, utc_now()
        return _shown(view, by.name, by)

    async def remove(self, view_id: str, by: Principal) -> None:
        """Remove a view.

        Raises:
            ViewNotFound: there is none, or it is another person's.
            NotYours: it is shared by another person.
        """
        async with self._database.write() as session:
            view = await session.get(SavedView, view_id)
            if view is None or (view.staff_id != by.staff_id and not view.shared):
                raise ViewNotFound(f"there is no view {view_id}")
            if view.staff_id != by.staff_id and by.role not in LEADERS:
                raise NotYours("a shared view is removed by its owner or a supervisor")
            await session.delete(view)


def _shown(view: SavedView, staff_name: str, by: Principal) -> SavedViewView:
    own = view.staff_id == by.staff_id
    return SavedViewView(
        id=view.id, name=view.name, query=view.query, shared=view.shared, own=own, staff_name=staff_name
    )
