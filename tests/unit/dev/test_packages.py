"""Packages are unpacked once, and beside those that are there."""

from pathlib import Path

import pytest

from dev import packages


@pytest.fixture
def unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the packages of each unpacking, which writes one file a package."""
    done: list[list[str]] = []

    def unpack(root: Path, release: str, names: list[str]) -> None:
        done.append(names)
        for name in names:
            (root / name).write_text(release)

    monkeypatch.setattr(packages, "RUNTIME", tmp_path)
    monkeypatch.setattr(packages, "_unpack", unpack)
    return done


def listing(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """List these packages of one suite."""
    monkeypatch.setattr(packages, "listed_packages", lambda: {"forky": list(names)})


def test_a_package_that_is_there_is_not_unpacked_again(
    unpacked: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    listing(monkeypatch, "sox", "asterisk")
    packages.prepare()
    packages.prepare()
    assert unpacked == [["asterisk", "sox"]]


def test_a_new_package_leaves_the_others_in_place(
    unpacked: list[list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    listing(monkeypatch, "asterisk")
    packages.prepare()
    marked = tmp_path / "debian" / "forky" / "asterisk"
    marked.write_text("running")
    listing(monkeypatch, "asterisk", "graphviz")
    packages.prepare()
    assert unpacked == [["asterisk"], ["graphviz"]]
    assert marked.read_text() == "running"


def test_a_list_with_fewer_packages_takes_none_away(
    unpacked: list[list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    listing(monkeypatch, "asterisk", "graphviz")
    packages.prepare()
    listing(monkeypatch, "asterisk")
    packages.prepare()
    assert (tmp_path / "debian" / "forky" / "graphviz").exists()
    assert len(unpacked) == 1


def test_an_unpacking_that_was_cut_off_begins_afresh(
    unpacked: list[list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "debian" / "forky").mkdir(parents=True)
    half = tmp_path / "debian" / "forky" / "half"
    half.touch()
    listing(monkeypatch, "asterisk")
    packages.prepare()
    assert not half.exists()
    assert unpacked == [["asterisk"]]
