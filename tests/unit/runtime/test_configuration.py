"""Findings in a folder of call flows, across its files."""

from pathlib import Path

import pytest

from ari_app.runtime.configuration import load_configuration
from foundation.findings import ConfigurationInvalid
from tests.callflows import copied, edit, findings, shipped


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copied(tmp_path)


def test_shipped_folder_has_no_findings() -> None:
    assert shipped().findings == []


WRONG = [
    (
        "hotline.yaml",
        "kind: fault,",
        "kind: falt,",
        "unknown-value: step repair: there is no kind falt; there are after",
    ),
    (
        "hotline.yaml",
        "hangup: message_left",
        "hangup: mesage_left",
        "unknown-value: step message_left: there is no end",
    ),
    (
        "hotline.yaml",
        "queue: consult,",
        "queue: consulting,",
        "no-such-queue: step consult: there is no queue consulting",
    ),
    (
        "hotline.yaml",
        "          - progress_waiting\n",
        "",
        "unknown-value: step tell_progress: progress.prompt may also be progress",
    ),
    (
        "survey.yaml",
        "survey.kind == complaint",
        "survey.kind == complain",
        "unknown-value: step by_kind: survey.kind is",
    ),
    (
        "survey.yaml",
        "3: dissatisfied",
        "3: angry",
        "unknown-value: step attitude: answers.attitude is never angry; it is",
    ),
    (
        "survey.yaml",
        "2: evening",
        "2: evenings",
        "unknown-value: step postpone: when cannot be evenings; it is one of evening",
    ),
    ("survey.yaml", "when: tomorrow", "when: never", "unknown-value: step call_again.otherwise: when cannot be never"),
    ("survey.yaml", "flow: survey", "flow: callback", "flow-name: the flow is named callback; name it survey"),
    (
        "notices.yaml",
        "    fault: {",
        "    falt: {",
        "unknown-value: words.kind.falt: it is one of after_sales, complaint",
    ),
    ("notices.yaml", "hear: [department]", "hear: [everyone]", "unknown-value: events.ticket.uphold.hear.0"),
    ("notices.yaml", "{due}", "{deadline}", "unknown-variable: events.ticket.dispatch.zh.text: {deadline} is unknown"),
    ("queues.yaml", "greeting: to_person", "greeting: to_persn", "no-such-prompt: the service speaks to_persn"),
    ("queues.yaml", "ring_s: 20", "ring_s: many", "wrong-value: ring_s: Input should be a valid number"),
    (
        "queues.yaml",
        "  ring_s: 20",
        "  announcements: { every_s: 60, prompts: [nowhere] }\n  ring_s: 20",
        "no-such-prompt: the service speaks nowhere",
    ),
    (
        "queues.yaml",
        "  ring_s: 20",
        "  announcements: { every_s: 5, prompts: [to_person] }\n  ring_s: 20",
        "announcements.every_s: Input should be greater than or equal to 15",
    ),
    (
        "queues.yaml",
        "  ring_s: 20",
        "  announcements: { every_s: 60, prompts: [] }\n  ring_s: 20",
        "announcements.prompts: Tuple should have at least 1 item",
    ),
]


@pytest.mark.parametrize(
    ("file", "old", "new", "told"), WRONG, ids=[f"{one[0]}-{one[2][:24].strip()}" for one in WRONG]
)
def test_each_fault_is_found(folder: Path, file: str, old: str, new: str, told: str) -> None:
    line = (folder / file).read_text(encoding="utf-8").split(old)[0].count("\n") + 1
    edit(folder / file, old, new)
    found = findings(folder)
    assert any(told in finding for finding in found), found
    assert all(finding.split(": ")[0].rpartition(":")[2].isdecimal() for finding in found)
    if "prompt" not in told:
        assert any(finding.startswith(f"{file}:{line}: ") or "step" in finding for finding in found), (line, found)
    with pytest.raises(ConfigurationInvalid):
        load_configuration(folder)


def test_a_queue_with_an_error_does_not_make_flows_look_wrong(folder: Path) -> None:
    edit(folder / "queues.yaml", "ring_s: 20", "ring_s: many")
    assert [finding.split(":")[0] for finding in findings(folder)] == ["queues.yaml"]


def test_yaml_errors_of_every_file_come_alone(folder: Path) -> None:
    edit(folder / "hotline.yaml", "kind: fault,", "kind: falt,")
    for name in ("queues", "notices"):
        (folder / f"{name}.yaml").write_text("- [", encoding="utf-8")
    assert [finding.split(": ")[:2] for finding in findings(folder)] == [
        ["notices.yaml:1", "yaml"],
        ["queues.yaml:1", "yaml"],
    ]


def test_a_file_that_is_missing_is_named(folder: Path) -> None:
    (folder / "queues.yaml").unlink()
    assert findings(folder) == ["queues.yaml:1: unreadable: the file must be readable: No such file or directory"]
