"""Settings are validated whole."""

import ast
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from ari_app.settings import Settings, unknown_variables
from dev.paths import PROJECT


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://hotline:s%40@db:5432/hotline", "postgresql+psycopg://hotline:s%40@db:5432/hotline"),
        ("postgresql://db/hotline?sslmode=require", "postgresql+psycopg://db/hotline?sslmode=require"),
        ("postgresql+psycopg://db/hotline", "postgresql+psycopg://db/hotline"),
        ("sqlite:////var/lib/hotline.db", "sqlite:////var/lib/hotline.db"),
    ],
)
def test_database_address_of_a_host_is_accepted(given: str, used: str) -> None:
    assert Settings(ari_password=SecretStr("secret"), database_url=given).database_url == used


@pytest.mark.parametrize("given", ["mysql://db/hotline", "hotline.db", "postgresql+asyncpg://db/hotline"])
def test_a_database_that_is_not_ours_is_refused_by_name(given: str) -> None:
    with pytest.raises(ValidationError, match="database_url"):
        Settings(ari_password=SecretStr("secret"), database_url=given)


def test_calling_hours_over_midnight_are_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="HOTLINE_SURVEY_FROM_HOUR must be before HOTLINE_SURVEY_UNTIL_HOUR"):
        Settings(ari_password=SecretStr("secret"), survey_from_hour=21, survey_until_hour=8)


def attributes_read(path: Path) -> set[str]:
    """Return the names that are read from an object called settings."""
    owners = {"settings", "_settings"} | ({"self"} if path.name == "settings.py" else set())
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            owner = node.value
            name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
            if name in owners:
                found.add(node.attr)
    return found


def test_every_setting_has_a_reader() -> None:
    read: set[str] = set()
    for path in (PROJECT / "ari_app").rglob("*.py"):
        read |= attributes_read(path)
    assert set(Settings.model_fields) - read == set()


def test_misspelt_variable_is_reported_with_the_nearest_name() -> None:
    given = ["PATH", "HOTLINE_MOST_CALS", "HOTLINE_MOST_CALLS", "HOTLINE_RUNTIME", "HOTLINE_RTP_START", "HOTLINE_XYZ"]
    assert unknown_variables(given) == [
        "HOTLINE_MOST_CALS: nothing reads it; is it HOTLINE_MOST_CALLS?",
        "HOTLINE_XYZ: nothing reads it",
    ]


@pytest.mark.parametrize("given", ["erp.intranet, 10.1.2.3", '["erp.intranet", "10.1.2.3"]'])
def test_hosts_are_a_list_in_either_form(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("HOTLINE_WEBHOOK_HOSTS", given)
    assert Settings(ari_password=SecretStr("secret")).webhook_hosts == ["erp.intranet", "10.1.2.3"]


@pytest.mark.parametrize(
    ("given", "networks"),
    [
        ("", []),
        ("127.0.0.1", ["127.0.0.1/32"]),
        ("10.96.1.0/24, 127.0.0.1 2001:db8::/32", ["10.96.1.0/24", "127.0.0.1/32", "2001:db8::/32"]),
    ],
)
def test_networks_are_separated_by_commas_or_blanks(
    monkeypatch: pytest.MonkeyPatch, given: str, networks: list[str]
) -> None:
    monkeypatch.setenv("HOTLINE_TRUSTED_PROXIES", given)
    assert [str(one) for one in Settings(ari_password=SecretStr("secret")).trusted_proxies] == networks


@pytest.mark.parametrize("given", ["proxy.example", "10.96.1.1/24", "*"])
def test_network_that_is_none_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("HOTLINE_TRUSTED_PROXIES", given)
    with pytest.raises(ValidationError, match="must be addresses or networks such as") as refused:
        Settings(ari_password=SecretStr("secret"))
    assert refused.value.errors()[0]["loc"] == ("trusted_proxies",)


def test_empty_variable_leaves_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REGION", "SURVEY_ATTEMPTS", "GRADE_PRIORITIES", "WEBHOOK_HOSTS", "SAMPLE_PASSWORD"):
        monkeypatch.setenv(f"HOTLINE_{name}", "")
    found = Settings(ari_password=SecretStr("secret"))
    assert (found.region, found.survey_attempts, found.webhook_hosts) == ("CN", 3, [])
    assert found.sample_password is None
