"""Use cases of thresholds and their alerts."""

from collections.abc import Collection

from ari_app.desk.board import AlertFigure, OpenAlert
from ari_app.supervision.alerts import store
from ari_app.supervision.alerts.errors import ThresholdInvalid, ThresholdUnknown
from ari_app.supervision.alerts.model import AlertView, FindAlerts, QueueThreshold, ThresholdInput, ThresholdView
from foundation.clock import milliseconds, utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.problems import FieldProblem
from foundation.routes import Principal

MOST: dict[AlertFigure, int] = {
    AlertFigure.WAITING: 1000,
    AlertFigure.LONGEST_WAIT_S: 86_400,
    AlertFigure.LEVEL: 100,
    AlertFigure.LONG_PAUSES: 1000,
}
"""Largest bound of each figure."""


class QueueThresholds:
    """Thresholds of queues, and the history of those that were broken."""

    def __init__(self, database: Database, queues: Collection[str]) -> None:
        self._database = database
        self._queues = queues

    async def all(self) -> list[ThresholdView]:
        """Return all thresholds."""
        async with self._database.read() as session:
            return [ThresholdView.model_validate(one) for one in await store.thresholds(session)]

    async def set(self, wanted: ThresholdInput, who: Principal) -> ThresholdView:
        """Set the bound of a queue's figure.

        Raises:
            ThresholdInvalid: no such queue, or the figure cannot have this value.
        """
        if wanted.queue not in self._queues:
            problem = FieldProblem(field="queue", rule="must be a queue of queues.yaml")
            raise ThresholdInvalid(f"there is no queue {wanted.queue!r}", [problem])
        if wanted.bound > MOST[wanted.figure]:
            problem = FieldProblem(field="bound", rule=f"must be at most {MOST[wanted.figure]}")
            raise ThresholdInvalid(f"{wanted.figure.value} cannot be {wanted.bound}", [problem])
        async with self._database.write() as session:
            found = await store.threshold(session, wanted.queue, wanted.figure) or QueueThreshold(
                id=new_id("threshold"),
                queue=wanted.queue,
                figure=wanted.figure,
                bound=wanted.bound,
                staff_id=who.staff_id,
                at=utc_now(),
            )
            found.bound, found.staff_id, found.at = wanted.bound, who.staff_id, utc_now()
            session.add(found)
            return ThresholdView.model_validate(found)

    async def remove(self, threshold_id: str) -> None:
        """Remove a threshold; its open alert ends at the next look.

        Raises:
            ThresholdUnknown: there is none.
        """
        async with self._database.write() as session:
            found = await session.get(QueueThreshold, threshold_id)
            if found is None:
                raise ThresholdUnknown(f"there is no threshold {threshold_id}")
            await session.delete(found)

    async def alerts(self, wanted: FindAlerts) -> list[AlertView]:
        """Return alerts, newest first."""
        async with self._database.read() as session:
            return [AlertView.model_validate(one) for one in await store.newest(session, wanted.limit)]

    async def open_alerts(self) -> list[OpenAlert]:
        """Return alerts that are not over, as boards show them."""
        async with self._database.read() as session:
            return [
                OpenAlert(one.id, one.queue, one.figure, one.bound, one.value, milliseconds(one.began_at))
                for one in await store.not_over(session)
            ]
