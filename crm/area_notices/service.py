"""Use cases of notices of areas."""

from collections.abc import Sequence

from crm.area_notices import store
from crm.area_notices.errors import AreaNoticeNotFound
from crm.area_notices.model import AreaNotice, AreaNoticeInput, AreaNoticeView
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.routes import Principal


class AreaNoticeService:
    """Notices of areas, written by supervisors and departments."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def every(self, area: str = "") -> Sequence[AreaNoticeView]:
        """Return the notices that are not over.

        Of an area, those that are in force.
        """
        now = utc_now()
        if area:
            return await self._database.look_up(lambda connection: store.in_force(connection, [area], now))
        async with self._database.read() as session:
            return [AreaNoticeView.model_validate(found) for found in await store.not_over(session, now)]

    async def write(self, who: Principal, given: AreaNoticeInput) -> AreaNoticeView:
        """Store a notice; the next pop shows it."""
        notice = AreaNotice(
            id=new_id("area-notice"),
            **given.model_dump(),
            staff_id=who.staff_id,
            staff_name=who.name,
            written_at=utc_now(),
        )
        async with self._database.write() as session:
            session.add(notice)
        return AreaNoticeView.model_validate(notice)

    async def remove(self, notice_id: str) -> None:
        """Take a notice back; the audit log keeps it.

        Raises:
            AreaNoticeNotFound: there is no such notice.
        """
        async with self._database.write() as session:
            notice = await session.get(AreaNotice, notice_id)
            if notice is None:
                raise AreaNoticeNotFound(f"there is no area notice {notice_id}")
            await session.delete(notice)
