"""The queues' document: versions, checks with lines, taken over live."""

import asyncio
from pathlib import Path

import pytest
from redis.asyncio import Redis

from ari_app.queues.documents.errors import DocumentChanged, DocumentInvalid
from ari_app.queues.documents.model import DocumentInput
from ari_app.queues.documents.service import QueueDocuments
from ari_app.queues.service import QueueService
from ari_app.queues.settings import read_queues
from ari_app.runtime.configuration import queue_findings
from ari_app.runtime.live_queues import LiveQueues
from crm.staff.model import StaffInput
from crm.staff.service import StaffService
from foundation.database import Database
from foundation.routes import Principal, Role
from tests.callflows import copied

WHO = Principal("staff-3001", "3001", "Chen", Role.SUPERVISOR)
HEAD = """\
skills:
  - { code: cantonese, zh: 粤语, en: Cantonese }
  - { code: bills, zh: 账单, en: Bills }
queues:
"""
REPAIR = """\
  - name: repair
    title_zh: 故障报修
    title_en: Fault reports
    longest_wait_s: 60
    greeting: to_person
    keys: { "1": message, "2": call_back }
"""
OTHERS = """\
  - { name: consult, title_zh: 业务咨询, title_en: Consultation, keys: { "1": message, "2": call_back } }
  - { name: complaint, title_zh: 投诉建议, title_en: Complaints }
"""
GOOD_RULES = """\
    rules:
      - asks: [en]
        steps:
          - { skills: { cantonese: 3 }, for_s: 20 }
          - { skills: { cantonese: 1 }, for_s: 20 }
"""


class Edited:
    """A copy of the shipped folder with accounts, and its document."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "queues.yaml"
        self.staff = StaffService(database, ("repair", "consult", "complaint"))
        # Without the flows: their check takes its time.
        self.documents = QueueDocuments(database, self.staff, self.file, lambda raw: read_queues(self.file, raw)[1])

    async def agent(self, number: str, **skills: int) -> None:
        await self.staff.create(
            StaffInput(
                staff_number=number,
                name="Li",
                role=Role.AGENT,
                password="long enough",
                queues=["repair"],
                skills=skills,
            )
        )

    async def found(self, rules: str) -> list[str]:
        found = await self.documents.check(HEAD + REPAIR + rules + OTHERS)
        return [str(one).removeprefix("queues.yaml:") for one in found]

    async def save(self, text: str, follows: int = 0, note: str = "for a test") -> None:
        await self.documents.save(DocumentInput(text=text, note=note, follows=follows), WHO)


@pytest.fixture
def edited(sqlite_database: Database, tmp_path: Path) -> Edited:
    return Edited(sqlite_database, copied(tmp_path))


async def test_each_fault_of_a_rule_has_its_line(edited: Edited) -> None:
    await edited.agent("1001", cantonese=5, bills=1)
    assert await edited.found(GOOD_RULES) == []
    assert await edited.found(GOOD_RULES.replace("cantonese: 1", "cantonesse: 1")) == [
        "15: stricter-step: rules.0.steps.1: a step must not ask for more than the one before",
        "15: unknown-skill: rules.0.steps.1.skills.cantonesse: there is no skill cantonesse",
    ]
    assert await edited.found(
        """\
    rules:
      - steps: [{ skills: { bills: 1 }, for_s: 20 }]
      - asks: [zh]
        steps: [{ skills: { bills: 1 }, for_s: 20 }]
      - steps: [{ skills: { bills: 1 }, for_s: 20 }]
"""
    ) == [
        "13: rule-never-applies: rules.1: rule 1 takes all its callers",
        "15: contradicting-rules: rules.2: rule 1 is for the same callers",
    ]
    assert await edited.found(GOOD_RULES.replace("for_s: 20 }", "for_s: 60 }")) == [
        "15: step-never-reached: rules.0.steps.1: no caller waits so long: longest_wait_s is 60 (warning)",
    ]


async def test_need_that_no_agent_of_the_queue_meets_is_found(edited: Edited) -> None:
    await edited.agent("1001", cantonese=2)
    assert await edited.found(GOOD_RULES) == [
        "14: no-agent: rules.0.steps.0: no agent of repair has cantonese=3 (warning)"
    ]
    for_good = "    rules: [{ asks: [en], steps: [{ skills: { cantonese: 3 } }] }]\n"
    assert await edited.found(for_good) == ["11: no-agent: rules.0.steps.0: no agent of repair has cantonese=3"]
    assert await edited.found('    strategy: linear\n    order: ["1001", "1009"]\n') == [
        "12: unknown-agent: order: 1009 is no active agent's staff number (warning)"
    ]


async def test_flows_and_queues_must_agree(edited: Edited) -> None:
    rules = "    rules: [{ asks: [welsh], steps: [{ skills: { bills: 1 }, for_s: 20 }] }]\n"
    text = HEAD + (REPAIR + rules).replace("name: repair", "name: repairs") + OTHERS
    found = [one.message for one in queue_findings(edited.folder, lambda _: False, text.encode())]
    assert "step repair: there is no queue repair" in found
    assert "rules.0.asks: no flow asks for welsh" in found


async def test_versions_have_author_note_and_difference(edited: Edited) -> None:
    text = HEAD + REPAIR + OTHERS
    await edited.save(text, note="first")
    await edited.save(text.replace("longest_wait_s: 60", "longest_wait_s: 90"), 1, "more patience")
    versions = await edited.documents.versions()
    assert [(one.version, one.staff_name, one.note) for one in versions] == [
        (2, "Chen", "more patience"),
        (1, "Chen", "first"),
        (0, "", ""),
    ]
    second = await edited.documents.version(2)
    assert "-    longest_wait_s: 60\n+    longest_wait_s: 90" in second.difference
    assert (await edited.documents.version(0)).text == edited.file.read_text()
    # Back to a former version: its text is stored again.
    await edited.save((await edited.documents.version(1)).text, 2, "back to 1")
    assert await edited.documents.newest() == (await edited.documents.version(1)).text


async def test_two_editors_do_not_overwrite_each_other(edited: Edited) -> None:
    await edited.save(HEAD + REPAIR + OTHERS)
    with pytest.raises(DocumentChanged):
        await edited.save(HEAD + REPAIR + OTHERS)
    with pytest.raises(DocumentInvalid, match="ring_s"):
        await edited.save(HEAD + REPAIR + "    ring_s: many\n" + OTHERS, 1)
    assert [one.version for one in await edited.documents.versions()] == [1, 0]


class Node:
    """One process of two, with its own settings in memory."""

    def __init__(self, redis: Redis, edited: Edited, name: str) -> None:
        queues, _ = read_queues(edited.file)
        self.service = QueueService(redis, queues, name, deadline_s=10)
        self.live = LiveQueues(redis, edited.documents, self.service, edited.file)
        edited.documents.stored.add_listener(self.live.version_stored)
        self.task = asyncio.create_task(self.live.run())

    async def knows(self, strategy: str) -> None:
        while self.service.queues["repair"].strategy != strategy:
            await asyncio.sleep(0.005)


async def test_change_is_taken_over_by_both_nodes_and_loses_nobody(redis: Redis, edited: Edited) -> None:
    await edited.agent("1001", cantonese=5)
    await edited.agent("1002")
    first, second = Node(redis, edited, "node-1"), Node(redis, edited, "node-2")
    try:
        for number in range(30):
            node = (first, second)[number % 2]
            await node.service.enter(f"call-{number:02}", "repair", asks=("en",) if number % 3 == 0 else ())
        rules = "    strategy: linear\n    point_s: 1\n" + GOOD_RULES
        await edited.save(HEAD + REPAIR + rules + OTHERS)
        async with asyncio.timeout(5):
            await first.knows("linear")
            await second.knows("linear")
            # Both have re-sorted the line, one after the other.
            await second.live._take_over()
        line = [await first.service.position(f"call-{number:02}") for number in range(30)]
        assert [place.position for place in line if place is not None] == list(range(1, 31))
        served = []
        for agent_id, skills in (("plain", {}), ("skilled", {"cantonese": 3})):
            await second.service.sign_in(agent_id, ["repair"], skills)
            state = await second.service.ready(agent_id)
            served.append(state.call_id)
        # call-00 asks for English: by the new rules it needs the skill.
        assert served == ["call-01", "call-00"]
        # Back again: no caller is lost.
        await edited.save(HEAD + REPAIR + OTHERS, 1)
        async with asyncio.timeout(5):
            await first.knows("longest_idle")
            await second.knows("longest_idle")
        snapshot = await first.service.snapshot()
        assert {queue.queue: queue.waiting for queue in snapshot.queues}["repair"] == 30
    finally:
        for node in (first, second):
            node.task.cancel()
        await asyncio.gather(first.task, second.task, return_exceptions=True)


async def test_newest_version_counts_at_the_start_whatever_the_file_says(redis: Redis, edited: Edited) -> None:
    await edited.save(HEAD + REPAIR + "    strategy: fewest_calls\n" + OTHERS)
    queues, _ = read_queues(edited.file)
    service = QueueService(redis, queues, "node-1", deadline_s=10)
    await LiveQueues(redis, edited.documents, service, edited.file).load()
    assert queues["repair"].strategy == "fewest_calls"


async def test_skills_are_those_of_the_document_or_else_those_in_use(edited: Edited) -> None:
    await edited.agent("1001", english=3)
    found = await edited.documents.skills()
    assert ([one.code for one in found.skills], found.listed) == (["english"], False)
    edited.file.write_text(HEAD + REPAIR + GOOD_RULES + OTHERS, encoding="utf-8")
    found = await edited.documents.skills()
    assert ([one.code for one in found.skills], found.listed) == (["cantonese", "bills"], True)
