"""Random lives of tickets against a plain model: no illegal state, a complete log, versions that only grow."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from sqlmodel import SQLModel, select

from crm.outbox.model import OutboxEntry
from crm.tickets.errors import (
    AlreadyAssessed,
    AlreadyOverruled,
    ChangedMeanwhile,
    ExtensionPending,
    NoExtension,
    NoFinding,
    NotAComplaint,
    NotAllowedNow,
    NotAnApplication,
    NotAssessed,
    NotYours,
    SameDepartment,
)
from crm.tickets.findings.model import JudgeComplaint, Validity
from crm.tickets.model import SYSTEM, AppendToTicket, Reporter, TicketView
from crm.tickets.service import TicketService
from foundation.database import Database
from foundation.problems import Problem
from tests.unit.crm.conftest import CALLER, NOT_OURS, SUPERVISOR, Place, furnish

# From which states, to which: what people may expect, without looking at the code's own table.
OPEN = {"registered", "dispatched", "refused", "signed", "parked", "replied", "survey"}
JUDGED = {"signed", "replied", "survey"}
BACK = "where it was before it was parked"
MOVES: dict[str, tuple[set[str], str | None]] = {
    "append": (OPEN, None),
    "urge": (OPEN, None),
    "attach": (OPEN | {"archived", "cancelled"}, None),
    "answer": ({"registered", "refused"}, "archived"),
    "accept": ({"registered"}, None),
    "decline": ({"registered"}, "archived"),
    "dispatch": ({"registered", "dispatched", "signed"}, "dispatched"),
    "sign": ({"dispatched"}, "signed"),
    "refuse": ({"dispatched"}, "refused"),
    "uphold": ({"refused"}, "dispatched"),
    "overrule": ({"refused"}, "dispatched"),
    "park": ({"registered", "signed"}, "parked"),
    "unpark": ({"parked"}, BACK),
    "ask_extension": ({"signed"}, None),
    "grant_extension": (OPEN, None),
    "deny_extension": (OPEN, None),
    "supervise": (OPEN, None),
    "escalate": (OPEN, None),
    "reply": ({"signed"}, "replied"),
    "judge": (JUDGED, None),
    "contest": (JUDGED, None),
    "survey": ({"replied"}, "survey"),
    "redo": ({"replied", "survey"}, "dispatched"),
    "archive": ({"replied", "survey"}, "archived"),
    "cancel": (OPEN, "cancelled"),
}
BY_DEPARTMENT = {"sign", "refuse", "reply", "ask_extension"}
WITHOUT_VERSION = {"append", "attach"}
FOLLOWING = {(state, to or state) for states, to in MOVES.values() for state in states if to is not BACK} | {
    ("parked", "registered"),
    ("parked", "signed"),
}
UNTIL = datetime(2099, 1, 1, tzinfo=UTC)
FINDING = JudgeComplaint(validity=Validity.VALID, finding="属实")


class Expected:
    """What a ticket should be."""

    def __init__(self, kind: str, address: str | None) -> None:
        self.kind, self.address = kind, address
        self.status, self.version, self.urges, self.redos = "registered", 1, 0, 0
        self.parked_from = ""
        self.department: str | None = None
        self.refused_by: str | None = None
        self.overruled: set[str] = set()
        self.accepted = False
        self.asks_for_time = self.judged = self.escalated = False
        self.actions = ["file"]
        self.numbers: set[str] = set()
        self.recordings: set[str] = set()

    def to(self, action: str) -> str:
        """The state an action leads to."""
        to = MOVES[action][1]
        return self.parked_from if to is BACK else to or self.status

    def refusal(self, action: str, own: str, stale: bool) -> type[Problem] | None:
        """Why an action is refused; None where it is carried out."""
        # A stranger is told nothing of the ticket, not even that it changed.
        if action in BY_DEPARTMENT and own != self.department:
            return NotYours
        if stale and action not in WITHOUT_VERSION:
            return ChangedMeanwhile
        if self.status not in MOVES[action][0]:
            return NotAllowedNow
        reasons: dict[str, tuple[bool, type[Problem]]] = {
            "accept": (self.kind != "after_sales", NotAnApplication),
            "decline": (self.kind != "after_sales", NotAnApplication),
            "dispatch": (self.kind == "after_sales" and not self.accepted, NotAssessed),
            "refuse": (own in self.overruled, AlreadyOverruled),
            "uphold": (own == self.refused_by, SameDepartment),
            "ask_extension": (self.asks_for_time, ExtensionPending),
            "grant_extension": (not self.asks_for_time, NoExtension),
            "deny_extension": (not self.asks_for_time, NoExtension),
            "judge": (self.kind != "complaint", NotAComplaint),
            "contest": (not self.judged, NoFinding),
        }
        if action in {"accept", "decline"} and self.accepted:
            return AlreadyAssessed
        applies, problem = reasons.get(action, (False, Problem))
        return problem if applies else None

    def happened(self, action: str, own: str) -> None:
        """An action was carried out."""
        before, self.status = self.status, self.to(action)
        self.version += 1
        self.actions.append(action)
        self.urges += action in {"urge", "append"}
        self.redos += action == "redo"
        self.judged |= action == "judge"
        self.accepted |= action == "accept"
        match action:
            case "dispatch" | "uphold":
                self.department = own
            case "refuse":
                self.department, self.refused_by = None, own
            case "overrule":
                assert self.refused_by is not None
                self.department = self.refused_by
                self.overruled.add(self.refused_by)
            case "park":
                self.parked_from = before
            case "ask_extension":
                self.asks_for_time = True
            case "grant_extension" | "deny_extension":
                self.asks_for_time = False
            case "escalate" | "contest":
                self.escalated = True
            case "supervise" | "judge" | "answer" | "decline" | "archive" | "cancel":
                self.escalated = False


class Lives(RuleBasedStateMachine):
    """Tickets on a real SQLite database."""

    tickets = Bundle("tickets")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = TemporaryDirectory()
        self.database = Database(f"sqlite+aiosqlite:///{Path(self.folder.name) / 'machine.db'}")
        self.service = TicketService(self.database)
        self.expected: dict[str, Expected] = {}
        self.attachments = 0

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    @initialize()
    def begin(self) -> None:
        async def prepare() -> Place:
            async with self.database.engine.begin() as connection:
                await connection.run_sync(SQLModel.metadata.create_all)
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
        form = {"product": "燃气热水器", "problem": "打不着火"} if kind == "after_sales" else {}
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
            known.urges += 1
            known.version += 1
            known.actions.append("append")
        else:
            assert filed.id not in self.expected
            known = self.expected[filed.id] = Expected(kind, house)
        known.numbers.add(number)
        return filed.id

    @rule(ticket=tickets, action=st.sampled_from(sorted(MOVES)), data=st.data())
    def act(self, ticket: str, action: str, data: st.DataObject) -> None:
        expected = self.expected[ticket]
        own = data.draw(st.sampled_from([self.place.east, self.place.west]), label="department")
        stale = data.draw(st.sampled_from([None, None, 0, 1]), label="stale")
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
        at: dict[str, Any] = {"expected_version": version}
        deeds: dict[str, Callable[[], Awaitable[TicketView]]] = {
            "append": lambda: service.append(ticket, addition, SUPERVISOR),
            "urge": lambda: service.urge(ticket, CALLER, "ivr", **at),
            "attach": lambda: service.attach(ticket, f"rec-{self.attachments}", ""),
            "answer": lambda: service.answer(ticket, "当场答复", SUPERVISOR, **at),
            "accept": lambda: service.applications.accept(ticket, "在保修期内", SUPERVISOR, **at),
            "decline": lambda: service.applications.decline(ticket, "已过保修期", SUPERVISOR, **at),
            "dispatch": lambda: service.dispatch(ticket, own, SUPERVISOR, **at),
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
    def everything_is_as_expected(self) -> None:
        if self.expected:
            self.run(self._compare())

    async def _compare(self) -> None:
        async with self.database.read() as session:
            told = (await session.exec(select(OutboxEntry))).all()
        for ticket_id, expected in self.expected.items():
            found = await self.service.get(ticket_id)
            assert (found.status, found.version, found.urge_count, found.redo_count, found.department_id) == (
                *(expected.status, expected.version, expected.urges, expected.redos, expected.department),
            )
            assert found.escalated == expected.escalated
            waiting = [refusal for refusal in found.refusals if refusal.ruling is None]
            assert len(waiting) == (found.status == "refused") or found.status in {"archived", "cancelled"}
            assert [entry.action for entry in found.log] == expected.actions
            assert [entry.version for entry in found.log] == list(range(1, found.version + 1))
            for before, after in zip(found.log, found.log[1:], strict=False):
                assert after.from_status == before.to_status
                assert (after.from_status, after.to_status) in FOLLOWING
                assert after.at >= before.at
            assert {reporter.number for reporter in found.reporters} == expected.numbers
            assert {attached.recording_id for attached in found.attachments} == expected.recordings
            versions = sorted(entry.payload["version"] for entry in told if entry.key == ticket_id)
            assert versions == list(range(1, found.version + 1))
            assert (found.closed_at is None) == (found.status in OPEN)

    def teardown(self) -> None:
        self.run(self.database.aclose())
        self.runner.close()
        self.folder.cleanup()


Lives.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=30,
    deadline=None,
    # Each step is a transaction on a disk that others use as well.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestLives = Lives.TestCase
