"""Choice of the Asterisk, and the judgement of its version."""

import stat
from pathlib import Path

import pytest

from dev import installed
from foundation import asterisk_versions


def asterisk_on_path(folder: Path, version: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an `asterisk` that says this version of itself."""
    program = folder / "bin" / "asterisk"
    for place in ("bin", "usr/lib/asterisk/modules", "usr/share/asterisk/sounds/en"):
        (folder / place).mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho Asterisk {version}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder / "bin"), prepend=":")
    return folder


@pytest.mark.parametrize(("version", "used"), [("22.5.0", True), ("23.1.0-rc1", True), ("22.4.9", False), ("?", False)])
def test_the_machines_own_asterisk_is_used_where_it_is_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, used: bool
) -> None:
    machine = asterisk_on_path(tmp_path, version, monkeypatch)

    found = installed._on_the_machine(machine)

    assert (found is not None) is used
    if found is not None:
        assert found.modules == machine / "usr/lib/asterisk/modules"
        assert found.sounds == machine / "usr/share/asterisk/sounds/en"


@pytest.mark.parametrize(
    ("version", "parsed"), [("22.10.1+dfsg+~cs6", (22, 10, 1)), ("22.5", (22, 5, 0)), ("GIT-master", (0, 0, 0))]
)
def test_versions_are_read(version: str, parsed: tuple[int, int, int]) -> None:
    assert asterisk_versions.parse(version) == parsed


def test_old_version_is_refused_and_vulnerable_one_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(asterisk_versions.AsteriskTooOld):
        asterisk_versions.check("22.4.1")

    asterisk_versions.check("22.9.0")
    assert "GHSA-vrfp-mg3q-3959" in capsys.readouterr().out
    asterisk_versions.check("22.10.1")
    assert capsys.readouterr().out == ""
