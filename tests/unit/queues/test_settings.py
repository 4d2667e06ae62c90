"""Validation of the queues file: every problem with its line."""

import re
from pathlib import Path

import pytest

from ari_app.queues.settings import QueueSettings, load_queues
from dev.paths import PROJECT
from foundation.findings import ConfigurationInvalid
from tests.unit.queues.conftest import QUEUES_FILE


def test_the_shipped_file_is_valid() -> None:
    assert list(load_queues(QUEUES_FILE)) == ["consult", "complaint", "repair"]


def problems(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "queues.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationInvalid) as caught:
        load_queues(path)
    return [str(finding).removeprefix("queues.yaml:") for finding in caught.value.findings]


def test_every_problem_is_named_with_its_line(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """\
- name: consult
  title_zh: 咨询
  title_en: Consultation
  ring_s: many
- name: Bad Name
  title_zh: 坏
  title_en: Bad
  colour: red
- title_zh: 无名
  title_en: Nameless
- just a word
- name: consult
  title_zh: 咨询
  title_en: Consultation
""",
    )
    assert [": ".join(finding.split(": ")[:3]) for finding in found[:4]] == [
        "4: wrong-value: ring_s",
        "5: wrong-value: name",
        "8: unknown-field: colour",
        "9: missing-field: name",
    ]
    assert [finding.split(":")[0] for finding in found[4:]] == ["11"]


def test_keys_are_checked_each_with_its_line(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """\
- name: consult
  title_zh: 咨询
  title_en: Consultation
  keys:
    "1": message
    "2": dance
    "12": message
    a: call_back
- name: repair
  title_zh: 报修
  title_en: Repairs
  keys:
    "*": call_back
    "3": { queue: repair }
    "4": { queue: nowhere }
    "5": queue
""",
    )
    assert sorted({int(finding.split(":")[0]) for finding in found}) == [6, 7, 8, 16]


def test_keys_lead_to_other_queues_there_are(tmp_path: Path) -> None:
    head = "- {name: consult, title_zh: 咨询, title_en: Consultation, keys: "
    assert problems(tmp_path, head + '{"3": {queue: consult}}}\n')[0].startswith("1: no-such-queue: keys.3")
    assert problems(tmp_path, head + '{"3": {queue: nowhere}}}\n')[0].startswith("1: no-such-queue: keys.3")


@pytest.mark.parametrize("keys", ['{"1": message, "1": call_back}', '{1: message, "1": call_back}'])
def test_a_key_has_one_use(tmp_path: Path, keys: str) -> None:
    text = f"- name: consult\n  title_zh: 咨询\n  title_en: Consultation\n  keys: {keys}\n"
    assert problems(tmp_path, text)[0].startswith("4: ")


def test_a_name_is_given_once(tmp_path: Path) -> None:
    queue = "- {name: consult, title_zh: 咨询, title_en: Consultation}\n"
    assert problems(tmp_path, queue * 2) == ["2: taken-name: name: consult must be unique, it is not"]


@pytest.mark.parametrize("text", ["", "queues: 1", "[]", "- [", "\t- a", "- &a [*a"])
def test_file_without_a_list_of_queues_is_refused(tmp_path: Path, text: str) -> None:
    assert len(problems(tmp_path, text)) == 1


def test_a_name_cannot_carry_lua(tmp_path: Path) -> None:
    hostile = """- {name: "x'] = nil; redis.call('FLUSHALL') --", title_zh: 坏, title_en: Bad}\n"""
    assert problems(tmp_path, hostile)[0].startswith("1: wrong-value: name")


def test_missing_file_is_an_error_with_a_clear_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match="readable"):
        load_queues(tmp_path / "none.yaml")


def test_every_setting_has_a_reader() -> None:
    """A setting that nothing reads promises what nothing does."""
    sources = [path for path in (PROJECT / "ari_app").rglob("*.py") if path.name != "settings.py"]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    unread = [name for name in QueueSettings.model_fields if not re.search(rf"(settings|queue)\.{name}\b", code)]
    assert unread == []
