"""Audit log: who changed what, in the same transaction."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ari_app.desk.board import AlertFigure
from ari_app.supervision.alerts.model import ThresholdInput
from ari_app.supervision.alerts.service import QueueThresholds
from crm.audit.errors import EntryNotFound
from crm.audit.model import HIDDEN, AuditEntryView, AuditQuery, EntryAction, EntrySubject
from crm.audit.service import AuditService
from crm.categories.model import CategoryChange, CategoryInput
from crm.categories.service import CategoryService
from crm.departments.errors import NameTaken
from crm.departments.model import DepartmentChange, DepartmentInput
from crm.departments.service import DepartmentService
from crm.kinds import TicketKind
from crm.notices.model import NoticeChannel, NoticeRecipient
from crm.shifts.model import ShiftsOfDay
from crm.shifts.service import ShiftService
from crm.sla.policy import SHIPPED
from crm.sla.service import SlaService
from crm.sla.views import PolicyInput
from crm.staff.model import StaffChange, StaffInput
from crm.staff.service import StaffService
from crm.tickets.forms.model import FieldKind, FormField, FormInput
from crm.tickets.forms.service import FormService
from foundation.acting import acting
from foundation.clock import utc_now
from foundation.database import Database
from foundation.ids import new_id
from foundation.routes import Principal, Role
from tests.unit.crm.conftest import SUPERVISOR

ADMINISTRATOR = Principal("staff-admin", "9001", "管理员", Role.ADMINISTRATOR)


@pytest.fixture
def audit(database: Database) -> AuditService:
    return AuditService(database)


async def entries(audit: AuditService, **wanted: object) -> list[AuditEntryView]:
    """Return entries, oldest first."""
    return (await audit.listed(AuditQuery.model_validate(wanted)))[::-1]


async def test_a_change_has_its_person_and_both_values_of_what_differs(database: Database, audit: AuditService) -> None:
    departments, categories = DepartmentService(database), CategoryService(database)
    with acting(ADMINISTRATOR):
        east = await departments.create(DepartmentInput(name="城东", area="城东"))
        await departments.update(east.id, DepartmentChange(name="城东工区", area="城东"))
    await departments.update(east.id, DepartmentChange(name="城东工区"))
    cold = await categories.create(CategoryInput(name="不热", department_id=east.id))
    await categories.update(cold.id, CategoryChange(name="暖气不热"))

    made, renamed = await entries(audit, subject="department")
    assert (made.action, made.staff_name, made.subject_id) == (EntryAction.CREATE, "管理员 (9001)", east.id)
    assert {name: one.after for name, one in made.changes.items()} == {"name": "城东", "area": "城东", "active": True}
    assert (renamed.action, renamed.subject_name) == (EntryAction.CHANGE, "城东工区")
    assert {name: (one.before, one.after) for name, one in renamed.changes.items()} == {"name": ("城东", "城东工区")}
    of_category = await entries(audit, subject_id=cold.id)
    assert [(one.staff_id, one.staff_name, list(one.changes)) for one in of_category][1] == (None, "", ["name"])


async def test_secrets_are_said_to_have_changed_and_not_kept(database: Database, audit: AuditService) -> None:
    staff = StaffService(database, ["heating"])
    agent = await staff.create(
        StaffInput(staff_number="1001", name="Agent", role=Role.AGENT, password="a long password"),
        endpoint="agent1001",
        sip_password="sip secret",
    )
    await staff.update(agent.id, StaffChange(password="another long one", queues=["heating"]))
    robot = NoticeRecipient(
        id=new_id("recipient"),
        name="群",
        channel=NoticeChannel.DINGTALK,
        address="robot-key",
        secret="sign-key",
        created_at=utc_now(),
    )
    async with database.write() as session:
        session.add(robot)

    made, changed, recipient = await entries(audit)
    assert {made.changes[name].after for name in ("password_hash", "sip_password")} == {HIDDEN}
    assert (changed.changes["password_hash"].before, changed.changes["password_hash"].after) == (HIDDEN, HIDDEN)
    assert (changed.changes["queues"].before, changed.changes["queues"].after) == ([], ["heating"])
    assert {recipient.changes[name].after for name in ("address", "secret")} == {HIDDEN}
    whole = "".join(one.model_dump_json() for one in (made, changed, recipient))
    assert not [word for word in ("argon2", "sip secret", "robot-key", "sign-key") if word in whole]


async def test_a_new_version_of_a_policy_is_a_change_of_the_former(database: Database, audit: AuditService) -> None:
    clocks = SlaService(database)
    stricter = SHIPPED.model_copy(update={"warning_percent": 70})
    later = utc_now() + timedelta(days=1)
    with acting(ADMINISTRATOR):
        await clocks.enter_policy(PolicyInput(policy=SHIPPED, version=0), SUPERVISOR)
        await clocks.enter_policy(PolicyInput(policy=stricter, version=1, effective_from=later), SUPERVISOR)
        await clocks.withdraw_policy(2)
    first, second, withdrawn = await entries(audit, subject="policy")
    assert [one.action for one in (first, second, withdrawn)] == ["create", "change", "remove"]
    assert (withdrawn.subject_name, withdrawn.staff_id) == ("2", "staff-admin")
    policy = second.changes["policy"]
    assert (policy.before["warning_percent"], policy.after["warning_percent"]) == (80, 70)


async def test_a_change_that_is_rolled_back_leaves_no_entry(database: Database, audit: AuditService) -> None:
    departments = DepartmentService(database)
    await departments.create(DepartmentInput(name="城东"))
    with pytest.raises(NameTaken):
        await departments.create(DepartmentInput(name="城东"))
    assert len(await entries(audit)) == 1


async def test_the_log_is_filtered_and_paged_and_only_added_to(database: Database, audit: AuditService) -> None:
    with acting(ADMINISTRATOR):
        for name in ("甲", "乙", "丙"):
            await DepartmentService(database).create(DepartmentInput(name=name))
        await audit.exported("tickets", {"status": ["registered"]}, 12)
    first = await audit.listed(AuditQuery(limit=2))
    rest = await audit.listed(AuditQuery(limit=2, after=first[-1].id))
    assert [one.subject_name for one in (*first, *rest)] == ["tickets", "丙", "乙", "甲"]
    (export,) = await entries(audit, subject=EntrySubject.LIST, action="export", staff_id="staff-admin")
    assert (export.changes["rows"].after, export.changes["status"].after) == (12, ["registered"])
    assert await entries(audit, until=utc_now() - timedelta(hours=1)) == []
    assert len(await entries(audit, since=utc_now() - timedelta(hours=1))) == 4
    with pytest.raises(EntryNotFound):
        await entries(audit, after="audit-none")
    for statement in ("DELETE FROM audit_entry", "UPDATE audit_entry SET staff_name = ''"):
        with pytest.raises(DBAPIError, match="audit_entry is append-only"):
            async with database.write() as session:
                await session.exec(text(statement))  # type: ignore[call-overload]


async def test_forms_bounds_of_alerts_and_shifts_have_their_entries(database: Database, audit: AuditService) -> None:
    forms, shifts = FormService(database), ShiftService(database, "Asia/Shanghai")
    bounds = QueueThresholds(database, ["repair"])
    agent = await StaffService(database, ["repair"]).create(
        StaffInput(staff_number="1001", name="刘芳", role=Role.AGENT, password="a long password"),
        endpoint="agent1001",
        sip_password="sip secret",
    )
    floor = FormField(name="floor", kind=FieldKind.NUMBER, zh="楼层", en="Floor")
    day, hours = date(2026, 12, 1), {"staff_id": agent.id, "from_time": "08:00", "until_time": "16:00"}
    with acting(ADMINISTRATOR):
        await forms.replace(TicketKind.FAULT, FormInput(fields=[floor]), 0, SUPERVISOR)
        await forms.replace(TicketKind.FAULT, FormInput(fields=[]), 1, SUPERVISOR)
        await forms.replace(TicketKind.COMPLAINT, FormInput(fields=[floor]), 0, SUPERVISOR)
        wanted = ThresholdInput(queue="repair", figure=AlertFigure.WAITING, bound=5)
        set_to = await bounds.set(wanted, ADMINISTRATOR)
        await bounds.set(wanted.model_copy(update={"bound": 8}), ADMINISTRATOR)
        await bounds.remove(set_to.id)
        for _ in range(2):  # the second time nothing changes
            await shifts.replace(day, ShiftsOfDay.model_validate({"shifts": [hours]}))

    first, second = await entries(audit, subject="form", subject_id="fault")
    assert first.changes["fields"].after[0]["zh"] == "楼层"
    assert second.changes["fields"].before == first.changes["fields"].after
    (of_shipped,) = await entries(audit, subject="form", subject_id="complaint")
    assert (of_shipped.action, of_shipped.changes["fields"].before[0]["zh"]) == (EntryAction.CHANGE, "客户期望")
    moved = [(one.action, one.changes.get("bound")) for one in await entries(audit, subject="threshold")]
    assert [(action, both.before, both.after) for action, both in moved if both is not None] == [
        (EntryAction.CREATE, None, 5),
        (EntryAction.CHANGE, 5, 8),
        (EntryAction.REMOVE, 8, None),
    ]
    (planned,) = await entries(audit, subject="shifts")
    assert (planned.subject_name, planned.staff_name) == ("2026-12-01", "管理员 (9001)")
    assert planned.changes["shifts"].after == ["2026-12-01 08:00–16:00 刘芳 (1001)"]
