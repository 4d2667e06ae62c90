"""Random lives of tickets against a plain model: no illegal state, a complete log, versions that only grow."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from sqlmodel import SQLModel, select

from crm.outbox.model import OutboxEntry
from crm.tickets.errors import ChangedMeanwhile, NotAllowedNow, NotYours
from crm.tickets.model import SYSTEM, AppendToTicket, Reporter, TicketView
from crm.tickets.service import TicketService
from foundation.database import Database
from foundation.problems import Problem
from tests.unit.crm.conftest import CALLER, SUPERVISOR, Place, furnish

# From which states, to which: what people may expect, without looking at the code's own table.
OPEN = {"registered", "dispatched", "signed", "replied"}
MOVES: dict[str, tuple[set[str], str | None]] = {
    "append": (OPEN, None),
    "urge": (OPEN, None),
    "dispatch": ({"registered", "dispatched", "signed"}, "dispatched"),
    "sign": ({"dispatched"}, "signed"),
    "refuse": ({"dispatched"}, "registered"),
    "reply": ({"signed"}, "replied"),
    "redo": ({"replied"}, "dispatched"),
    "archive": ({"registered", "replied"}, "archived"),
    "cancel": (OPEN, "cancelled"),
    "escalate": (OPEN, None),
    "attach": (OPEN | {"archived", "cancelled"}, None),
}
FOLLOWING = {(state, to or state) for states, to in MOVES.values() for state in states}


class Expected:
    """What a ticket should be."""

    def __init__(self, address: str | None) -> None:
        self.address = address
        self.status, self.version, self.urges, self.redos = "registered", 1, 0, 0
        self.department: str | None = None
        self.actions = ["file"]
        self.numbers: set[str] = set()
        self.recordings: set[str] = set()


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
        number=st.sampled_from(["+8613800000001", "+8613800000002", "+8613800000003"]),
    )
    def file(self, house: str | None, number: str) -> str:
        filed: TicketView = self.run(self.service.file(self.place.fault(number, address=house or ""), SUPERVISOR))
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
            known = self.expected[filed.id] = Expected(house)
        known.numbers.add(number)
        return filed.id

    @rule(ticket=tickets, action=st.sampled_from(sorted(MOVES)), data=st.data())
    def act(self, ticket: str, action: str, data: st.DataObject) -> None:
        expected = self.expected[ticket]
        states, to = MOVES[action]
        own = data.draw(st.sampled_from([self.place.east, self.place.west]), label="department")
        stale = data.draw(st.sampled_from([None, None, 0, 1]), label="stale")
        version = None if stale is None else expected.version - stale
        takes_version = action not in {"append", "attach", "escalate"}
        refusal: type[Problem] | None = None
        if expected.status not in states:
            refusal = NotAllowedNow
        if takes_version and version not in {None, expected.version}:
            refusal = ChangedMeanwhile
        # A stranger is told nothing of the ticket, not even that it changed.
        if action in {"sign", "refuse", "reply"} and own != expected.department:
            refusal = NotYours
        refused: type[Problem] | None = None
        try:
            self.run(self._do(action, ticket, own, version))
        except Problem as problem:
            refused = type(problem)
        assert refused is refusal, (action, expected.status)
        if refused is None:
            self._happened(expected, action, to or expected.status, own)

    async def _do(self, action: str, ticket: str, own: str, version: int | None) -> None:
        service, worker = self.service, self.place.worker(own)
        addition = AppendToTicket(text="还是不热", reporter=Reporter(number="+8613800000009"))
        self.attachments += action == "attach"
        deeds: dict[str, Callable[[], Awaitable[TicketView]]] = {
            "append": lambda: service.append(ticket, addition, SUPERVISOR),
            "urge": lambda: service.urge(ticket, CALLER, "ivr", expected_version=version),
            "dispatch": lambda: service.dispatch(ticket, own, SUPERVISOR, expected_version=version),
            "sign": lambda: service.sign(ticket, worker, expected_version=version),
            "refuse": lambda: service.refuse(ticket, "不属于本工区", worker, expected_version=version),
            "reply": lambda: service.reply(ticket, "已处理", worker, expected_version=version),
            "redo": lambda: service.redo(ticket, "仍然不热", None, SYSTEM, expected_version=version),
            "archive": lambda: service.archive(ticket, "用户确认", SUPERVISOR, expected_version=version),
            "cancel": lambda: service.cancel(ticket, "重复登记", SUPERVISOR, expected_version=version),
            "escalate": lambda: service.escalate(ticket, "未接通"),
            "attach": lambda: service.attach(ticket, f"rec-{self.attachments}", ""),
        }
        await deeds[action]()

    def _happened(self, expected: Expected, action: str, to: str, own: str) -> None:
        expected.status = to
        expected.version += 1
        expected.actions.append(action)
        expected.urges += action in {"urge", "append"}
        expected.redos += action == "redo"
        if action == "dispatch":
            expected.department = own
        if action == "refuse":
            expected.department = None
        if action == "append":
            expected.numbers.add("+8613800000009")
        if action == "attach":
            expected.recordings.add(f"rec-{self.attachments}")

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
    max_examples=10,
    stateful_step_count=20,
    deadline=None,
    # Each step is a transaction on a disk that others use as well.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestLives = Lives.TestCase
