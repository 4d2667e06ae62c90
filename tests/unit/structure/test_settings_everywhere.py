"""Every setting is described, in the sample, and refused by name."""

import re

import pytest
from pydantic import ValidationError

from ari_app.operations.settings_page import default_of, rendered
from ari_app.settings import Settings, invalid_settings, unknown_variables
from dev.paths import PROJECT

BAD = {
    "node": "a node",
    "profile": "test",
    "database_url": "mysql://u:secret@db/hotline",
    "redis_url": "http://:secret@127.0.0.1",
    "application": "a/b",
    "ari_url": "asterisk:8088",
    "events": "both",
    "events_host": "a host",
    "events_port": "70000",
    "ami_host": "/run/ami",
    "ami_port": "none",
    "http_host": "http://0.0.0.0",
    "http_port": "0",
    "public_url": "hotline.example",
    "sip_socket": "https://hotline.example",
    "ice_servers": "turn:turn.example",
    "trusted_proxies": "everyone",
    "metrics_from": "10.0.0.1/8",
    "certificates": "[1]",
    "http_connections_per_address": "1",
    "trunk": "PJSIP/carrier",
    "trunk_number_format": "local",
    "hotline_number": "twelve",
    "region": "China",
    "area_code": "451",
    "time_zone": "Mars/Olympus",
    "map_link": "javascript:alert({address})",
    "most_calls": "-1",
    "longest_lag_s": "0",
    "reconnect_s": "0",
    "silent_listening": "perhaps",
    "grade_priorities": '{"VIP": 900}',
    "urge_priority": "21",
    "queue_log": "/nowhere/queue_log",
    "espeak": "/nowhere/espeak-ng",
    "sox": "'",
    "survey_delay_s": "soon",
    "survey_attempts": "21",
    "survey_retry_s": "-1",
    "survey_parallel": "0",
    "visit_notice_workdays": "31",
    "survey_from_hour": "24",
    "survey_until_hour": "25",
    "sms_gateway": "nothing://here",
    "mail_gateway": "mailto:secret",
    "webhook_hosts": "https://erp.intranet/hook",
}
ANY_TEXT = {"ari_user", "ari_password", "sample_password", "turn_secret"}
SEEN_AT_THE_START = {"callflows", "prompts", "recordings", "spool", "console"}
"""Folders: tests/unit/runtime/test_surroundings.py."""


def refusal(monkeypatch: pytest.MonkeyPatch, **given: str) -> list[str]:
    """Return the lines of a start with these settings."""
    for name, value in {"ari_password": "x", **given}.items():
        monkeypatch.setenv(f"HOTLINE_{name.upper()}", value)
    with pytest.raises(ValidationError) as refused:
        Settings()
    return invalid_settings(refused.value)


def test_every_setting_has_a_bad_value_here() -> None:
    assert set(Settings.model_fields) == BAD.keys() | ANY_TEXT | SEEN_AT_THE_START


@pytest.mark.parametrize(("name", "value"), BAD.items(), ids=BAD)
def test_bad_value_is_one_line_that_names_the_setting(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    (line,) = refusal(monkeypatch, **{name: value})
    assert line.startswith(f"HOTLINE_{name.upper()}")
    assert "\n" not in line
    assert "secret" not in line


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("time_zone", "Asia"),
        ("time_zone", "../../etc/passwd"),
        ("database_url", "postgresql://db:port/hotline"),
        ("database_url", "postgresql://db"),
        ("database_url", "sqlite://hotline.db"),
        ("database_url", "sqlite://"),
        ("redis_url", "redis://127.0.0.1:port"),
        ("grade_priorities", "VIP=60"),
        ("grade_priorities", '{"D": 1}'),
        ("webhook_hosts", "["),
        ("trusted_proxies", "10.96.1.1/24"),
    ],
)
def test_other_bad_values_are_one_line_too(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    (line,) = refusal(monkeypatch, **{name: value})
    assert line.startswith(f"HOTLINE_{name.upper()}")


def test_sample_profile_without_a_password_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = refusal(monkeypatch, profile="sample")
    assert line == "the sample profile needs HOTLINE_SAMPLE_PASSWORD"


def test_page_of_settings_is_rendered_from_the_code() -> None:
    written = (PROJECT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert written == rendered(), "run: hotline settings table --output docs/settings.md"


def test_every_setting_says_what_it_means() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_sample_environment_names_every_setting() -> None:
    sample = (PROJECT / ".env.sample").read_text(encoding="utf-8")
    assert {name for name in Settings.model_fields if f"HOTLINE_{name.upper()}" not in sample} == set()
    optional = {name.lower(): value for name, value in re.findall(r"^# HOTLINE_([A-Z_]+)=(.*)$", sample, re.MULTILINE)}
    other = {name for name in optional.keys() & Settings.model_fields if optional[name] != default_of(name)}
    assert other == {"trusted_proxies", "most_calls"}, "these have another default in containers"
    assert unknown_variables(re.findall(r"HOTLINE_[A-Z_]+", sample)) == []
