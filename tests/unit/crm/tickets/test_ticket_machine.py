"""Random actions on tickets, compared with a model: states, log and versions."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from sqlmodel import SQLModel, select

from crm.outbox.model import OutboxEntry
from crm.tickets.cohandling.model import CoTask
from crm.tickets.corrections.model import CorrectTicket
from crm.tickets.findings.model import JudgeComplaint, Validity
from crm.tickets.inputs import AppendToTicket, Reporter
from crm.tickets.model import SYSTEM
from crm.tickets.service import TicketService
from crm.tickets.views import TicketView
from foundation.database import Database
from foundation.problems import Problem
from tests.unit.crm.conftest import CALLER, NOT_OURS, SUPERVISOR, Place, furnish
from tests.unit.crm.expected_ticket import MOVES, OPEN, Expected, is_legal

pytestmark = pytest.mark.slow

ACTIONS = 40
"""Actions in a row, unless one closes the ticket."""
UNTIL = datetime(2099, 1, 1, tzinfo=UTC)
FINDING = JudgeComplaint(validity=Validity.VALID, finding="属实")


class Lives(RuleBasedStateMachine):
    """Tickets on a real SQLite database."""

    tickets = Bundle("tickets")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = TemporaryDirectory()
        self.database = Database(f"sqlite:///{Path(self.folder.name) / 'machine.db'}")
        self.service = TicketService(self.database)
        self.expected: dict[str, Expected] = {}
        self.attachments = self.corrections = 0
        self.touched: set[str] = set()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    @initialize()
    def begin(self) -> None:
        async def prepare() -> Place:
            await self.database.change(SQLModel.metadata.create_all)
            return await furnish(self.database)

        self.place: Place = self.run(prepare())

    @rule(
        target=tickets,
        house=st.sampled_from([None, "幸福路1号", "幸福路2号"]),
        elsewhere=st.sampled_from(["complaint", "after_sales"]),
        number=st.sampled_from(["+8613800000001", "+8613800000002", "+8613800000003"]),
    )
    def file(self, house: str | None, elsewhere: str, number: str) -> str:
        kind = elsewhere if house is None else "fault"
        form = {"product": "燃气热水器", "model": "JSQ-24"} if kind == "after_sales" else {}
        report = self.place.fault(number, address=house or "", kind=kind, form=form)
        filed: TicketView = self.run(self.service.file(report, SUPERVISOR))
        same = [
            ticket_id
            for ticket_id, expected in self.expected.items()
            if house is not None and expected.address == house and expected.status in OPEN
        ]
        if same:
            assert same == [filed.id]
            known = self.expected[filed.id]
            known.happened("append", "")
        else:
            assert filed.id not in self.expected
            known = self.expected[filed.id] = Expected(kind, house, self.place.above)
        known.numbers.add(number)
        self.touched = {filed.id}
        return filed.id

    @rule(ticket=tickets, seed=st.integers(min_value=0, max_value=2**32))
    def live(self, ticket: str, seed: int) -> None:
        """Carry out random actions in a row, evenly distributed by one seed."""
        self.touched, choice = {ticket}, Random(seed)
        for _ in range(ACTIONS):
            self._act(ticket, choice)
            if self.expected[ticket].status not in OPEN:
                break

    def _act(self, ticket: str, choice: Random) -> None:
        expected = self.expected[ticket]
        departments = [self.place.east, self.place.west, self.place.above]
        anything = [(action, own) for action in sorted(MOVES) for own in departments]
        # Mostly allowed actions, so that tickets advance; now and then any action.
        action, own = choice.choice(anything if choice.random() < 0.2 else expected.sensible(departments))
        stale = choice.choice([None] * 8 + [0, 1])
        version = None if stale is None else expected.version - stale
        refusal = expected.refusal(action, own, version not in {None, expected.version})
        refused: type[Problem] | None = None
        try:
            self.run(self._do(action, ticket, own, version))
        except Problem as problem:
            refused = type(problem)
        assert refused is refusal, (action, expected.status)
        if refused is None:
            expected.happened(action, own)
            if action == "append":
                expected.numbers.add("+8613800000009")
            if action == "attach":
                expected.recordings.add(f"rec-{self.attachments}")

    async def _do(self, action: str, ticket: str, own: str, version: int | None) -> None:
        service, worker = self.service, self.place.worker(own)
        addition = AppendToTicket(text="还是不热", reporter=Reporter(number="+8613800000009"))
        self.attachments += action == "attach"
        self.corrections += action == "correct"
        correction = CorrectTicket(subject=f"暖气不热 {self.corrections}")
        at: dict[str, Any] = {"expected_version": version}
        deeds: dict[str, Callable[[], Awaitable[TicketView]]] = {
            "append": lambda: service.append(ticket, addition, SUPERVISOR),
            "urge": lambda: service.urge(ticket, CALLER, "ivr", **at),
            "attach": lambda: service.attach(ticket, f"rec-{self.attachments}", ""),
            "correct": lambda: service.corrections.correct(ticket, correction, SUPERVISOR, **at),
            "answer": lambda: service.answer(ticket, "当场答复", SUPERVISOR, **at),
            "accept": lambda: service.applications.accept(ticket, "在保修期内", SUPERVISOR, **at),
            "decline": lambda: service.applications.decline(ticket, "已过保修期", SUPERVISOR, **at),
            "dispatch": lambda: service.dispatch(ticket, own, SUPERVISOR, **at),
            "co_ask": lambda: service.co_handling.ask(ticket, [CoTask(department_id=own)], SUPERVISOR, **at),
            "co_sign": lambda: service.co_handling.sign(ticket, worker, **at),
            "co_reply": lambda: service.co_handling.reply(ticket, "已配合", worker, **at),
            "co_release": lambda: service.co_handling.release(ticket, own, "不再需要", SUPERVISOR, **at),
            "pass_up": lambda: service.tiers.pass_up(ticket, "需上级答复", worker, **at),
            "sign": lambda: service.sign(ticket, worker, **at),
            "refuse": lambda: service.refusals.refuse(ticket, NOT_OURS, worker, **at),
            "uphold": lambda: service.refusals.uphold(ticket, own, "确非其责", SUPERVISOR, **at),
            "overrule": lambda: service.refusals.overrule(ticket, "是其职责", SUPERVISOR, **at),
            "park": lambda: service.park(ticket, "等用户提供房号", SUPERVISOR, **at),
            "unpark": lambda: service.unpark(ticket, SUPERVISOR, **at),
            "ask_extension": lambda: service.extensions.ask(ticket, UNTIL, "等配件", worker, **at),
            "grant_extension": lambda: service.extensions.grant(ticket, "同意", SUPERVISOR, **at),
            "deny_extension": lambda: service.extensions.deny(ticket, "不同意", SUPERVISOR, **at),
            "supervise": lambda: service.supervise(ticket, "今日内办结", SUPERVISOR, **at),
            "escalate": lambda: service.escalate(ticket, "未接通", SYSTEM, **at),
            "reply": lambda: service.reply(ticket, "已处理", worker, **at),
            "judge": lambda: service.findings.judge(ticket, FINDING, SUPERVISOR, **at),
            "contest": lambda: service.findings.contest(ticket, "不认可", SUPERVISOR, **at),
            "survey": lambda: service.survey(ticket, SYSTEM, **at),
            "redo": lambda: service.redo(ticket, "仍然不热", None, SYSTEM, **at),
            "archive": lambda: service.archive(ticket, "用户确认", SUPERVISOR, **at),
            "cancel": lambda: service.cancel(ticket, "重复登记", SUPERVISOR, **at),
        }
        await deeds[action]()

    @invariant()
    def what_was_touched_is_as_expected(self) -> None:
        self.run(self._compare(self.touched))

    async def _compare(self, tickets: Collection[str]) -> None:
        for ticket_id in tickets:
            expected, found = self.expected[ticket_id], await self.service.get(ticket_id)
            async with self.database.read() as session:
                told = (await session.exec(select(OutboxEntry).where(OutboxEntry.key == ticket_id))).all()
            assert (found.status, found.version, found.urge_count, found.redo_count, found.department_id) == (
                *(expected.status, expected.version, expected.urges, expected.redos, expected.department),
            )
            assert {part.department_id: part.state for part in found.co_handlers} == expected.parts
            assert [step.from_department_id for step in found.passes if step.state == "waiting"] == expected.below
            assert found.escalated == expected.escalated
            waiting = [refusal for refusal in found.refusals if refusal.ruling is None]
            assert len(waiting) == (found.status == "refused") or found.status in {"archived", "cancelled"}
            assert [entry.action for entry in found.log] == expected.actions
            assert [entry.version for entry in found.log] == list(range(1, found.version + 1))
            for before, after in zip(found.log, found.log[1:], strict=False):
                assert after.from_status == before.to_status
                assert is_legal(after.action, before.to_status, after.to_status)
                assert after.at >= before.at
            assert {reporter.number for reporter in found.reporters} == expected.numbers
            assert {attached.recording_id for attached in found.attachments} == expected.recordings
            versions = sorted(entry.payload["version"] for entry in told)
            assert versions == list(range(1, found.version + 1))
            assert (found.closed_at is None) == (found.status in OPEN)

    def teardown(self) -> None:
        try:
            # Actions on one ticket changed no other.
            self.run(self._compare(self.expected))
        finally:
            self.run(self.database.aclose())
            self._end()

    def _end(self) -> None:
        self.runner.close()
        self.folder.cleanup()


Lives.TestCase.settings = settings(
    max_examples=15,
    stateful_step_count=8,
    deadline=None,
    # Each step is a transaction on a shared disk.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestLives = Lives.TestCase
