"""`hotline starter`, and commands beside a running service."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ari_app.cli import app
from ari_app.runtime import schema
from crm.categories.service import CategoryService
from crm.departments.model import DepartmentChange, DepartmentView
from crm.departments.service import DepartmentService
from foundation.database import Database
from tests.unit.operations.test_staff_commands import environment, hotline, run_a_service

__all__ = ["environment"]


def departments(environment: dict[str, str]) -> list[DepartmentView]:
    async def found() -> list[DepartmentView]:
        database = Database(environment["HOTLINE_DATABASE_URL"])
        try:
            return await DepartmentService(database).all()
        finally:
            await database.aclose()

    return asyncio.run(found())


def test_starter_set_is_loaded_once_and_changes_stay(environment: dict[str, str]) -> None:
    result = hotline(environment, "starter", "load")
    assert result.exit_code == 0, result.output
    assert "database: " in result.output
    assert "added: 城东维修工区, " in result.output
    assert len(departments(environment)) == 4

    async def rename() -> int:
        database = Database(environment["HOTLINE_DATABASE_URL"])
        try:
            service = DepartmentService(database)
            (fees,) = [one for one in await service.all() if one.name == "收费科"]
            await service.update(fees.id, DepartmentChange(area="城南"))
            return len(await CategoryService(database).all())
        finally:
            await database.aclose()

    assert asyncio.run(rename()) == 13
    assert "nothing was missing" in hotline(environment, "starter", "load").output
    assert [one.area for one in departments(environment) if one.name == "收费科"] == ["城南"]

    added = hotline(environment, "staff", "add", "2001", "马师傅", "--role", "department", "--department", "收费科")
    assert added.exit_code == 0, added.output


def test_own_set_is_validated_whole(environment: dict[str, str], tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"

    def loaded(text: str) -> Result:
        own.write_text(text, encoding="utf-8")
        return hotline(environment, "starter", "load", str(own))

    for text, expected in (
        ("departments: [", "own.yaml: line 1: must be YAML"),
        ("departments:\n  - { name: 一科, place: 城东 }", "departments.0.place"),
        ("departments:\n  - { name: 一科, above: 公司 }", "一科 stands under 公司, which is not listed before it"),
        ("departments:\n  - name: 一科\n  - name: 一科", "each name stands once: 一科"),
        ("categories:\n  - { name: 漏水, department: 二科 }", "causes name departments that are not listed: 二科"),
        ("- 一科", "own.yaml: file"),
    ):
        result = loaded(text)
        assert result.exit_code == 2, text
        assert expected in result.output
        assert "Traceback" not in result.output
    assert departments(environment) == []
    assert "must be readable" in hotline(environment, "starter", "load", str(tmp_path / "none.yaml")).output

    assert loaded("departments:\n  - name: 公司\n  - { name: 一科, above: 公司 }").exit_code == 0
    company, first = sorted(departments(environment), key=lambda one: one.parent_id or "")
    assert (company.name, first.name, first.parent_id) == ("公司", "一科", company.id)
    own.write_text(hotline(environment, "starter", "show").output, encoding="utf-8")
    assert hotline(environment, "starter", "load", str(own)).exit_code == 0


def test_database_that_the_running_service_does_not_use_is_refused(environment: dict[str, str]) -> None:
    run_a_service(environment, "postgresql+psycopg://hotline:***@db/hotline").close()
    result = hotline(environment, "starter", "load")
    assert result.exit_code == 2
    assert "another database: postgresql+psycopg://hotline:***@db/hotline" in result.output
    assert departments(environment) == []


def test_databases_of_a_running_service_are_not_restored_or_moved(environment: dict[str, str], tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'hotline.db'}"
    schema.upgrade(url)
    environment = {**environment, "HOTLINE_DATABASE_URL": url}
    run_a_service(environment).close()
    restored = hotline(environment, "restore", str(tmp_path))
    moved = hotline(environment, "move-database", url, f"sqlite:///{tmp_path / 'other.db'}")
    onto = hotline(environment, "move-database", f"sqlite:///{tmp_path / 'other.db'}", url)
    for result in (restored, moved, onto):
        assert result.exit_code == 2
        assert "a service runs with sqlite:" in result.output
    assert not (tmp_path / "other.db").exists()


def test_command_without_a_database_says_so(tmp_path: Path) -> None:
    environment = {
        "HOTLINE_ARI_PASSWORD": "x",
        "HOTLINE_REDIS_URL": "redis://127.0.0.1:1/0",
        "HOTLINE_DATABASE_URL": f"sqlite:///{tmp_path / 'none.db'}",
    }
    result = CliRunner().invoke(app, ["starter", "load"], env=environment)
    assert result.exit_code == 2
    assert "start the service once" in result.output


@pytest.mark.parametrize("command", ["starter", "trunk", "staff"])
def test_commands_describe_themselves(command: str) -> None:
    assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0
