"""Notices of areas: written, in force for a while, taken back."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from crm.area_notices.errors import AreaNoticeNotFound
from crm.area_notices.http import WRITERS, routes
from crm.area_notices.model import AreaNoticeInput
from crm.area_notices.service import AreaNoticeService
from crm.audit.model import AuditQuery, EntrySubject
from crm.audit.service import AuditService
from foundation.acting import acting
from foundation.clock import utc_now
from foundation.database import Database
from foundation.routes import Principal, Role

SUPERVISOR = Principal("staff-3001", "3001", "值班长", Role.SUPERVISOR)
CUT = "城东热力管道抢修，预计今晚八点恢复"


@pytest.fixture
def notices(database: Database) -> AreaNoticeService:
    return AreaNoticeService(database)


def given(**changes: Any) -> AreaNoticeInput:
    usual = {"area": "城东", "zh": CUT, "ends_at": utc_now() + timedelta(hours=8)}
    return AreaNoticeInput.model_validate({**usual, **changes})


async def test_notice_is_in_force_in_its_area_until_it_is_over_or_taken_back(
    notices: AreaNoticeService, database: Database
) -> None:
    with acting(SUPERVISOR):
        now = utc_now()
        cut = await notices.write(SUPERVISOR, given(starts_at=now - timedelta(hours=1)))
        elsewhere = await notices.write(SUPERVISOR, given(area="城西"))
        later = await notices.write(SUPERVISOR, given(starts_at=now + timedelta(hours=2)))
        assert [one.id for one in await notices.every("城东")] == [cut.id]
        assert [one.id for one in await notices.every()] == [cut.id, elsewhere.id, later.id]
        assert (cut.staff_name, cut.en) == (SUPERVISOR.name, "")

        await notices.remove(cut.id)
        assert await notices.every("城东") == []
        with pytest.raises(AreaNoticeNotFound):
            await notices.remove(cut.id)
    entries = await AuditService(database).listed(AuditQuery(subject=EntrySubject.AREA_NOTICE, subject_id=cut.id))
    assert [one.action for one in entries] == ["remove", "create"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"area": " "},
        {"zh": ""},
        {"zh": "x" * 301},
        {"ends_at": utc_now() - timedelta(minutes=1)},
        {"starts_at": utc_now() + timedelta(hours=9)},
        {"ends_at": utc_now() + timedelta(days=367)},
        {"ends_at": "2027-01-01T00:00:00"},
    ],
)
def test_notice_that_cannot_hold_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        given(**wrong)


def test_supervisors_and_departments_write_and_all_read(notices: AreaNoticeService) -> None:
    table = routes(notices).table
    roles = {(route.method, route.path.removeprefix("/api/v1")): route.roles for route in table}
    assert roles["GET", "/area-notices"] == frozenset(Role)
    assert roles["POST", "/area-notices"] == roles["DELETE", "/area-notices/{notice_id}"] == WRITERS
    assert Role.AGENT not in WRITERS
