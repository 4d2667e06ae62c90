"""Marks of times with figures that are to be counted again."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Connection, Integer, insert
from sqlmodel import Field, SQLModel

from foundation.database import UtcDateTime

STEP = timedelta(hours=1)
"""Between the marks of a long time: every day of it gets one."""


class FigureChange(SQLModel, table=True):
    """Mark that a fact of a moment came, late or not.

    It is stored in the transaction of the fact, so that no sum of a day misses a late one.
    """

    __tablename__ = "figure_change"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger().with_variant(Integer, "sqlite"))
    at: datetime = Field(sa_type=UtcDateTime)


_MARK = insert(SQLModel.metadata.tables[FigureChange.__tablename__])


def mark(connection: Connection, moments: Iterable[datetime]) -> None:
    """Mark moments, one for each quarter of an hour."""
    quarters = _quarters(moments)
    if quarters:
        connection.execute(_MARK, [{"at": at} for at in quarters])


def marks(moments: Iterable[datetime]) -> list[FigureChange]:
    """Return the marks of moments, to be added to a session."""
    return [FigureChange(at=at) for at in _quarters(moments)]


def during(since: datetime, until: datetime) -> Iterator[datetime]:
    """Yield moments of a time, one or more of each day."""
    at = since
    while at < until:
        yield at
        at += STEP
    yield until


def _quarters(moments: Iterable[datetime]) -> list[datetime]:
    return sorted({_quarter(at) for at in moments})


def _quarter(at: datetime) -> datetime:
    # Days of every zone begin at a quarter of an hour.
    return at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
