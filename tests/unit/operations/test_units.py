"""systemd units as `hotline install-units` prints them."""

import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ari_app.cli import app


def test_units_are_written_with_this_checkout_and_account(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["install-units", "--user", "heat", "--output", str(tmp_path)])
    assert result.exit_code == 0, result.output
    services = {"hotline", "hotline-asterisk", "hotline-watchdog", "hotline-backup"}
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {f"{name}.service" for name in services} | {"hotline-backup.timer"}
    service = (tmp_path / "hotline.service").read_text()
    assert "User=heat\n" in service
    assert "-m ari_app.cli" in service
    assert "{" not in service


SYSTEMD_ANALYZE = shutil.which("systemd-analyze")


@pytest.mark.skipif(SYSTEMD_ANALYZE is None, reason="systemd-analyze is not on this machine")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    CliRunner().invoke(app, ["install-units", "--user", "root", "--output", str(tmp_path)])
    assert SYSTEMD_ANALYZE is not None
    checked = subprocess.run(
        [SYSTEMD_ANALYZE, "verify", *map(str, tmp_path.iterdir())], capture_output=True, text=True, check=False
    )
    wrong = [line for line in checked.stderr.splitlines() if str(tmp_path) in line or "hotline" in line]
    assert wrong == []


def test_version_is_printed() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert result.exit_code == 0
    assert result.output.startswith("hotline ")
