"""One owner of a checkout's state, also after a killed run."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dev.ownership import Ownership, RunRecord
from dev.processes import AdoptedProcess, ProcessFailed
from foundation.process_identity import ProcessIdentity, own_identity

OWNER = """
import sys, time
from pathlib import Path
from dev.ownership import Ownership
ownership = Ownership(Path(sys.argv[1]))
ownership.take()
ownership.record.addresses = {"url": "http://127.0.0.1:8080"}
ownership.note("redis", int(sys.argv[2]))
print("taken", flush=True)
time.sleep(60)
"""


def owner(folder: Path, left: int) -> "subprocess.Popen[str]":
    process = subprocess.Popen([sys.executable, "-c", OWNER, str(folder), str(left)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "taken\n"
    return process


def end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def test_second_run_names_the_first_one(tmp_path: Path) -> None:
    first = owner(tmp_path, os.getpid())
    with pytest.raises(ProcessFailed) as refused:
        Ownership(tmp_path).take()
    assert f"process {first.pid}" in str(refused.value)
    assert "http://127.0.0.1:8080" in str(refused.value)
    assert f"kill {first.pid}" in str(refused.value)
    end(first)


def test_two_runs_at_once_have_one_owner_and_one_sentence(tmp_path: Path) -> None:
    one, other = Ownership(tmp_path), Ownership(tmp_path)
    one.take()
    (tmp_path / "processes.json").unlink()  # the first has not stored who it is yet
    with pytest.raises(ProcessFailed, match="starts in this checkout at this moment"):
        other.take()
    one.release()
    other.take()
    assert other.earlier is None
    other.release()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_lock_ends_with_its_holder_and_the_next_run_sees_what_is_left(tmp_path: Path, number: signal.Signals) -> None:
    left = subprocess.Popen(["/bin/sleep", "60"], start_new_session=True)
    first = owner(tmp_path, left.pid)
    first.send_signal(number)
    end(first)

    following = Ownership(tmp_path)
    following.take()
    assert following.earlier is not None
    assert following.earlier.running() == {"redis": ProcessIdentity.of(left.pid)}
    assert RunRecord.read(tmp_path) == following.record, "killed now, the next run would still see it"
    assert following.record.processes == {"redis": ProcessIdentity.of(left.pid)}

    adopted = AdoptedProcess("redis", following.earlier.processes["redis"], log=tmp_path / "redis.log")
    assert adopted.running
    adopted.stop()
    assert not adopted.running
    assert left.wait() == -signal.SIGTERM
    assert following.earlier.running() == {}
    following.release()


def test_reused_process_id_is_another_process(tmp_path: Path) -> None:
    own = own_identity()
    assert own.runs
    assert not ProcessIdentity(own.process_id, "1", own.machine).runs
    assert not ProcessIdentity(own.process_id, own.started, "elsewhere/x").runs
    adopted = AdoptedProcess("redis", ProcessIdentity(own.process_id, "1", own.machine), log=tmp_path / "log")
    adopted.kill()
    adopted.signal(signal.SIGKILL)


def test_ended_process_that_was_not_collected_does_not_run() -> None:
    ended = subprocess.Popen(["/bin/true"])
    identity = ProcessIdentity.of(ended.pid)
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    assert not identity.runs
    ended.wait()


def test_port_of_a_run_that_is_still_starting_is_unknown() -> None:
    record = RunRecord(own_identity(), "2026-11-29T15:00:00+08:00")
    assert record.port("redis") is None
    record.addresses = {"ports": {"redis": 6379}}
    assert record.port("redis") == 6379
