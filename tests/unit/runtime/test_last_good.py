"""Last good configuration after refused and accepted edits."""

import shutil
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from ari_app.runtime import last_good
from ari_app.runtime.last_good import ConfigurationWatch, LastGood, fingerprint_of, start_with_last_good
from dev.paths import PROJECT
from foundation.problems import Problem

pytestmark = pytest.mark.slow

BROKEN = "flow: hotline\nsteps: {"


@pytest.fixture
def callflows(tmp_path: Path) -> Path:
    """The shipped call flows, as an operator may change them."""
    return shutil.copytree(PROJECT / "callflows", tmp_path / "callflows")


def make(folder: Path) -> str:
    """Return what the folder's flow says; refuse a broken one."""
    text = (folder / "hotline.yaml").read_text()
    if text == BROKEN:
        raise Problem("hotline.yaml:2: a bracket is not closed")
    return text


def refused() -> float | None:
    return REGISTRY.get_sample_value("hotline_configuration_refused")


def test_refused_edit_leaves_the_last_good_folder_in_force(callflows: Path, tmp_path: Path) -> None:
    kept = LastGood(tmp_path / "state")
    good, watch = start_with_last_good(callflows, kept, make)
    assert watch.problem is None
    (callflows / "hotline.yaml").write_text(BROKEN)
    for _ in range(2):  # also when the service starts again and again
        made, watch = start_with_last_good(callflows, LastGood(tmp_path / "state"), make)
        assert made == good
        assert watch.problem is not None
        assert "bracket" in watch.problem
        assert refused() == 1


def test_accepted_edit_replaces_the_last_good_folder(callflows: Path, tmp_path: Path) -> None:
    kept = LastGood(tmp_path / "state")
    start_with_last_good(callflows, kept, make)
    (callflows / "hotline.yaml").write_text("flow: hotline # new")
    start_with_last_good(callflows, kept, make)
    (callflows / "hotline.yaml").write_text(BROKEN)
    made, _ = start_with_last_good(callflows, kept, make)
    assert made == "flow: hotline # new"
    assert len([path for path in (tmp_path / "state").iterdir() if path.is_dir()]) == 1


def test_first_start_with_a_broken_folder_is_refused(callflows: Path, tmp_path: Path) -> None:
    (callflows / "hotline.yaml").write_text(BROKEN)
    with pytest.raises(Problem, match="bracket"):
        start_with_last_good(callflows, LastGood(tmp_path / "state"), make)


def test_service_starts_where_the_copy_cannot_be_written(callflows: Path, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with capture_logs() as logs:
        made, watch = start_with_last_good(callflows, LastGood(tmp_path / "state"), make)
    assert made == (callflows / "hotline.yaml").read_text()
    assert watch.problem is None
    assert [entry["event"] for entry in logs] == ["last_good_not_saved"]


def test_edit_during_the_copy_keeps_the_former_copy(callflows: Path, tmp_path: Path) -> None:
    kept = LastGood(tmp_path / "state")
    kept.save(callflows, fingerprint_of(callflows))
    former = kept.folder
    kept.save(callflows, "0" * 32)
    assert kept.folder == former
    assert former is not None
    assert fingerprint_of(former) == fingerprint_of(callflows)


async def test_edit_beside_a_running_service_is_checked_once(
    callflows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTLINE_CALLFLOWS", str(callflows))
    monkeypatch.setenv("HOTLINE_ARI_PASSWORD", "secret")
    monkeypatch.setenv("HOTLINE_RECORDINGS", str(tmp_path / "recordings"))
    watch = ConfigurationWatch(callflows)
    await watch.look()
    assert await watch.alarm() is None
    (callflows / "hotline.yaml").write_text(BROKEN)
    await watch.look()
    assert "hotline.yaml" in (await watch.alarm() or "")
    assert refused() == 1
    monkeypatch.setattr(last_good, "_problem", None)  # a folder that was not edited is not checked again
    await watch.look()
    monkeypatch.undo()
    shutil.copyfile(PROJECT / "callflows" / "hotline.yaml", callflows / "hotline.yaml")
    monkeypatch.setenv("HOTLINE_CALLFLOWS", str(callflows))
    monkeypatch.setenv("HOTLINE_ARI_PASSWORD", "secret")
    await watch.look()
    assert await watch.alarm() is None
    assert refused() == 0
