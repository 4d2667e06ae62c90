"""Settings are validated whole."""

import pytest
from pydantic import SecretStr, ValidationError

from ari_app.settings import Settings


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://hotline:s%40@db:5432/hotline", "postgresql+psycopg://hotline:s%40@db:5432/hotline"),
        ("postgresql://db/hotline?sslmode=require", "postgresql+psycopg://db/hotline?sslmode=require"),
        ("postgresql+psycopg://db/hotline", "postgresql+psycopg://db/hotline"),
        ("sqlite:////var/lib/hotline.db", "sqlite:////var/lib/hotline.db"),
    ],
)
def test_a_databases_address_is_taken_as_hosts_hand_it_out(given: str, used: str) -> None:
    assert Settings(ari_password=SecretStr("secret"), database_url=given).database_url == used


@pytest.mark.parametrize("given", ["mysql://db/hotline", "hotline.db", "postgresql+asyncpg://db/hotline"])
def test_a_database_that_is_not_ours_is_refused_by_name(given: str) -> None:
    with pytest.raises(ValidationError, match="database_url"):
        Settings(ari_password=SecretStr("secret"), database_url=given)


def test_calling_hours_over_midnight_are_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="HOTLINE_SURVEY_FROM_HOUR must be before HOTLINE_SURVEY_UNTIL_HOUR"):
        Settings(ari_password=SecretStr("secret"), survey_from_hour=21, survey_until_hour=8)
