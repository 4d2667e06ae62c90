"""Routes of notices of areas."""

from collections.abc import Sequence
from typing import Final

from crm.area_notices.model import AreaNoticeInput, AreaNoticeQuery, AreaNoticeView
from crm.area_notices.service import AreaNoticeService
from foundation.routes import EVERYONE, LEADERS, NoQuery, Request, Role, Routes

WRITERS: Final = LEADERS | {Role.DEPARTMENT}


def routes(notices: AreaNoticeService) -> Routes:
    """Declare the routes of notices of areas."""
    table = Routes("area-notices")

    @table.add(
        "GET",
        "/area-notices",
        roles=EVERYONE,
        summary="List the notices of areas that are not over; with an area, those in force there",
        query=AreaNoticeQuery,
        response=list[AreaNoticeView],
        problems=(422,),
    )
    async def every(request: Request[None, AreaNoticeQuery]) -> Sequence[AreaNoticeView]:
        return await notices.every(request.query.area)

    @table.add(
        "POST",
        "/area-notices",
        roles=WRITERS,
        summary="Write a notice of an area",
        body=AreaNoticeInput,
        response=AreaNoticeView,
        status=201,
        problems=(422,),
    )
    async def write(request: Request[AreaNoticeInput, NoQuery]) -> AreaNoticeView:
        return await notices.write(request.actor, request.body)

    @table.add(
        "DELETE",
        "/area-notices/{notice_id}",
        roles=WRITERS,
        summary="Take back a notice of an area",
        response=None,
        problems=(404,),
    )
    async def remove(request: Request[None, NoQuery]) -> None:
        await notices.remove(request.path["notice_id"])

    return table
