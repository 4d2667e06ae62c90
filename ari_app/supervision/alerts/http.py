"""Routes of thresholds and alerts."""

from ari_app.supervision.alerts.model import AlertView, FindAlerts, ThresholdInput, ThresholdView
from ari_app.supervision.alerts.service import QueueThresholds
from foundation.routes import LEADERS, NoQuery, Request, Routes


def routes(alerts: QueueThresholds) -> Routes:
    """Return the routes of thresholds and alerts."""
    table = Routes(tag="supervision")

    @table.add(
        "GET", "/queue-thresholds", roles=LEADERS, summary="List the queues' thresholds", response=list[ThresholdView]
    )
    async def thresholds(_request: Request[None, NoQuery]) -> list[ThresholdView]:
        return await alerts.all()

    @table.add(
        "PUT",
        "/queue-thresholds",
        roles=LEADERS,
        summary="Set the bound of a queue's figure",
        body=ThresholdInput,
        response=ThresholdView,
        problems=(422,),
    )
    async def set_one(request: Request[ThresholdInput, NoQuery]) -> ThresholdView:
        return await alerts.set(request.body, request.actor)

    @table.add(
        "DELETE",
        "/queue-thresholds/{threshold_id}",
        roles=LEADERS,
        summary="Remove a threshold",
        response=None,
        status=204,
        problems=(404,),
    )
    async def remove(request: Request[None, NoQuery]) -> None:
        await alerts.remove(request.path["threshold_id"])

    @table.add(
        "GET",
        "/queue-alerts",
        roles=LEADERS,
        summary="List alerts of queues, newest first",
        query=FindAlerts,
        response=list[AlertView],
    )
    async def found(request: Request[None, FindAlerts]) -> list[AlertView]:
        return await alerts.alerts(request.query)

    return table
