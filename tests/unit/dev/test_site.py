"""Asterisk files of the operator, beside what is shipped."""

from dataclasses import replace
from pathlib import Path

import pytest

from dev.asterisk import Asterisk, free_address
from dev.processes import ProcessFailed


def site_with(folder: Path, text: str) -> Path:
    for name in ("pjsip.d", "musiconhold.d"):
        (folder / name).mkdir(parents=True)
        (folder / name / "own.conf").write_text(text)
    return folder


def test_own_files_are_read_after_the_shipped_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_TRUNK_PASSWORD", "one;two")
    monkeypatch.setenv("TRUNK_REALM", "carrier")
    site = site_with(tmp_path / "site", "@TRUNK_PASSWORD@ @TRUNK_REALM@ @SITE@ @SIP_ADDRESS@\n")
    at = free_address(tmp_path / "state")
    Asterisk(at, pjsip={"sample": "; sample\n"}, site=site).write_configuration()
    for folder in ("pjsip.d", "musiconhold.d"):
        read = (at.state / "etc" / folder / "own.conf").read_text()
        assert read == f"one\\;two carrier {site} {at.address}\n"
    assert (at.state / "etc" / "pjsip.d" / "sample.conf").read_text() == "; sample\n"
    (site / "pjsip.d" / "own.conf").unlink()
    Asterisk(at, site=site).write_configuration()
    assert [path.name for path in (at.state / "etc" / "pjsip.d").iterdir()] == ["shipped.conf"]


def test_external_address_is_named_on_every_transport(tmp_path: Path) -> None:
    site = site_with(tmp_path / "site", "[transport-tls]\ntype = transport\n")
    at = free_address(tmp_path / "state", external_address="203.0.113.7")
    at = replace(at, local_networks=("10.0.0.0/8", "192.168.0.0/16"))
    Asterisk(at, site=site).write_configuration()
    files = sorted(path.name for path in (at.state / "etc" / "pjsip.d").iterdir())
    assert files[-1] == "zz-external.conf"
    written = (at.state / "etc" / "pjsip.d" / files[-1]).read_text()
    for transport in ("transport-tls", "transport-udp"):
        assert f"[{transport}](+)\nexternal_signaling_address = 203.0.113.7\n" in written
    assert written.count("local_net = 10.0.0.0/8\nlocal_net = 192.168.0.0/16\n") == 2


def test_missing_variable_is_named_with_its_file(tmp_path: Path) -> None:
    site = site_with(tmp_path / "site", "password = @TRUNK_PASSWORD@\n")
    asterisk = Asterisk(free_address(tmp_path / "state"), site=site)
    with pytest.raises(ProcessFailed, match=r"pjsip\.d/own\.conf: .* HOTLINE_TRUNK_PASSWORD is not set"):
        asterisk.write_configuration()
