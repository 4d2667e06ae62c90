"""Settings that every shipped SIP endpoint needs."""

import re
from pathlib import Path

import pytest

from dev.paths import PROJECT

ASTERISK = PROJECT / "asterisk"
SECTION = re.compile(r"^\[(?P<name>[^\]]+)\](?:\((?P<of>[^)]*)\))?[^\n]*\n(?P<body>(?:(?!\[|```).*\n?)*)", re.MULTILINE)


def sections(path: Path) -> list[tuple[str, str, dict[str, str]]]:
    """Return name, templates and settings of each section of a file."""
    found = []
    for match in SECTION.finditer(path.read_text(encoding="utf-8")):
        lines = (line.split(";")[0].partition("=") for line in match["body"].splitlines())
        settings = {key.strip(): value.strip() for key, equals, value in lines if equals}
        found.append((match["name"], match["of"] or "", settings))
    return found


def endpoints(path: Path) -> list[tuple[str, dict[str, str]]]:
    """Return a file's endpoints with the settings of their templates."""
    templates = {
        name: settings
        for source in (ASTERISK / "etc" / "pjsip.conf", path)
        for name, of, settings in sections(source)
        if of == "!"
    }
    whole = [(name, {**templates.get(of, {}), **settings}) for name, of, settings in sections(path)]
    return [(name, settings) for name, settings in whole if settings.get("type") == "endpoint"]


FILES = [ASTERISK / "etc" / "pjsip.conf", ASTERISK / "sample" / "pjsip.conf"]
SHIPPED = [
    pytest.param(name, settings, id=f"{path.parent.name}: {name}")
    for path in FILES
    for name, settings in endpoints(path)
]


def test_endpoints_of_every_file_are_found() -> None:
    assert all(endpoints(path) for path in FILES)


@pytest.mark.parametrize(("name", "settings"), SHIPPED)
def test_endpoint_ends_the_call_of_a_vanished_phone_and_takes_no_transfer(name: str, settings: dict[str, str]) -> None:
    """F18, S21."""
    assert 0 < int(settings.get("rtp_timeout", "0")) <= 120, name
    assert 0 < int(settings.get("rtp_timeout_hold", "0")) <= 3600, name
    assert settings.get("allow_transfer") == "no", name
    assert "identify_by" in settings, name
    if "auth" not in settings and name != "resident":
        assert settings["identify_by"] == "ip", f"{name} asks for no password, so its name must not suffice"
