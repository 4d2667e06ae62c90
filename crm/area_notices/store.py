"""Queries over notices of areas."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from crm.area_notices.model import AreaNotice, AreaNoticeView

MOST = 500
"""Notices of a list: more are no list that a person reads."""
MOST_AT_ONCE = 5
"""Notices of one caller: the newest are shown."""
_NOTICE = SQLModel.metadata.tables[AreaNotice.__tablename__]


async def not_over(session: AsyncSession, now: datetime) -> Sequence[AreaNotice]:
    """Return the notices that are in force or yet to come."""
    statement = select(AreaNotice).where(col(AreaNotice.ends_at) > now)
    return (await session.exec(statement.order_by(col(AreaNotice.starts_at), col(AreaNotice.id)).limit(MOST))).all()


def in_force(connection: Connection, areas: Collection[str], now: datetime) -> list[AreaNoticeView]:
    """Return the notices that hold now in any of these areas."""
    wanted = {area for area in areas if area}
    if not wanted:
        return []
    statement = (
        select(*_NOTICE.c)
        .where(_NOTICE.c.area.in_(wanted), _NOTICE.c.starts_at <= now, _NOTICE.c.ends_at > now)
        .order_by(_NOTICE.c.starts_at.desc(), _NOTICE.c.id)
        .limit(MOST_AT_ONCE)
    )
    return [AreaNoticeView.model_validate(row) for row in connection.execute(statement)]
