"""Saved views: own, shared, and never with a caller's number."""

from collections.abc import Sequence

import pytest
from pydantic import ValidationError

from crm.staff.model import StaffInput
from crm.staff.saved_views import service as saved_views
from crm.staff.saved_views.errors import NotYours, ViewNotFound
from crm.staff.saved_views.model import SavedViewInput, SavedViewView
from crm.staff.saved_views.service import SavedViewService
from crm.staff.service import StaffService
from foundation.database import Database
from foundation.problems import Invalid
from foundation.routes import Principal, Role


async def account(database: Database, number: str, role: Role) -> Principal:
    given = StaffInput(staff_number=number, name=role, role=role, password="a long password")
    return (await StaffService(database, {}).create(given)).principal()


def view(name: str, *, shared: bool = False, **query: str) -> SavedViewInput:
    return SavedViewInput(place="tickets", name=name, query=query, shared=shared)


def seen(views: Sequence[SavedViewView]) -> list[tuple[str, bool, bool]]:
    return [(one.name, one.shared, one.own) for one in views]


async def test_views_are_own_or_shared_by_a_supervisor(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    service = SavedViewService(database)
    agent, other = await account(database, "1001", Role.AGENT), await account(database, "1002", Role.AGENT)
    leader = await account(database, "3001", Role.SUPERVISOR)

    own = await service.save(view("a 我的", tab="refused"), agent)
    shared = await service.save(view("b 共用", shared=True, text="暖气"), leader)
    assert seen(await service.listed("tickets", agent)) == [("a 我的", False, True), ("b 共用", True, False)]
    assert seen(await service.listed("tickets", other)) == [("b 共用", True, False)]
    assert await service.listed("audit", agent) == []
    again = await service.save(view("a 我的", tab="signed"), agent)
    assert (again.id, again.query) == (own.id, {"tab": "signed"})

    with pytest.raises(NotYours):
        await service.save(view("c", shared=True, tab="refused"), agent)
    with pytest.raises(NotYours):
        await service.remove(shared.id, agent)
    with pytest.raises(ViewNotFound):
        await service.remove(own.id, leader)
    monkeypatch.setattr(saved_views, "MOST", 1)
    with pytest.raises(Invalid):
        await service.save(view("d", tab="refused"), agent)
    with pytest.raises(ValidationError, match="must not hold a telephone number"):
        view("e", text="13800000001")
    await service.remove(own.id, agent)
    await service.remove(shared.id, leader)
    assert await service.listed("tickets", agent) == []
