"""`hotline up` obeys a setting or refuses it by name."""

import os
import socket

import pytest

from dev.given import digest, given_settings, web_port
from dev.ports import free_port
from dev.processes import ProcessFailed


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no setting in the environment but the folder."""
    monkeypatch.setattr("os.environ", {"HOTLINE_RUNTIME": "/somewhere", "HOTLINE_REGION": "", "PATH": "/bin"})


def test_settings_of_the_environment_are_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "HOTLINE_AREA_CODE", "0451")
    assert given_settings() == {"AREA_CODE": "0451"}


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("HOTLINE_ARI_URL", "HOTLINE_ARI_URL: hotline up starts an Asterisk of its own"),
        ("HOTLINE_ARI_PASSWORD", "HOTLINE_ARI_PASSWORD: hotline up starts an Asterisk of its own"),
        ("HOTLINE_PROFILE", "HOTLINE_PROFILE: hotline up runs the sample profile"),
    ],
)
def test_setting_that_it_decides_itself_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, line: str
) -> None:
    monkeypatch.setitem(os.environ, name, "production")
    with pytest.raises(ProcessFailed) as refused:
        given_settings()
    assert str(refused.value).splitlines()[0] == line


def test_port_that_another_program_has_is_refused_by_name() -> None:
    port = free_port()
    assert web_port({"HTTP_PORT": str(port)}) == port
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(ProcessFailed, match="HOTLINE_HTTP_PORT: another program"):
            web_port({"HTTP_PORT": str(port)})


def test_digest_tells_settings_apart_and_hides_them() -> None:
    assert digest({}) == ""
    assert digest({"A": "1", "B": "2"}) == digest({"B": "2", "A": "1"}) != digest({"A": "2", "B": "2"})
    assert "secret" not in digest({"SAMPLE_PASSWORD": "secret"})
