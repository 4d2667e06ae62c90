"""The facts on an agent's desk before the phone rings (H4, H5, H9)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ari_app.calls import screen_pop
from ari_app.calls.call_services import AgentPhone
from ari_app.calls.model import CallState
from ari_app.calls.screen_pop import PopService
from ari_app.calls.wording import AgentWording
from ari_app.desk.call_states import Direction
from ari_app.desk.model import CallStage
from ari_app.desk.pop import Pop
from callflows.calendar import ServiceCalendar
from callflows.organisation import Names
from crm.area_notices.model import AreaNoticeInput
from crm.area_notices.service import AreaNoticeService
from crm.customers.model import Choose, CustomerInput
from crm.customers.service import CustomerService
from crm.history.service import HistoryService
from crm.tickets.inputs import Reporter
from crm.tickets.service import TicketService
from foundation.clock import milliseconds, utc_now
from foundation.database import Database
from foundation.routes import Principal, Role
from ivr.cursor import Cursor, Pressed
from ivr.prompts import read_catalogue
from tests.callflows import CALLFLOWS, shipped
from tests.unit.crm.conftest import AGENT, Place, furnish

NAMES = Names(zh="城东供热", en="City Heating")
ORGANISATION = shipped().organisation.model_copy(update={"name": NAMES})
CATALOGUE, _ = read_catalogue(CALLFLOWS, ORGANISATION.names)
UNKNOWN, WANG = "+8613899999999", "+8613800000001"
PHONE = AgentPhone("staff-1", "1001", "Zhang", "agent1001")
ORDINARY_DAY, NEW_YEAR = datetime(2026, 11, 18, tzinfo=UTC), datetime(2027, 1, 1, 4, tzinfo=UTC)


def service(database: Database, now: datetime = ORDINARY_DAY) -> PopService:
    wording = AgentWording(CATALOGUE, ServiceCalendar(ORGANISATION, now=lambda: now))
    return PopService(database, CustomerService(database), HistoryService(database), wording)


def call_of(number: str | None, **changes: object) -> CallState:
    state = CallState(
        id="call-1",
        node="node-1",
        direction=Direction.INBOUND,
        channel_id="channel-1",
        number=number,
        access_number="96001",
        stage=CallStage.QUEUED,
        started_at_ms=0,
        queue="repair",
    )
    for name, value in changes.items():
        setattr(state, name, value)
    return state


async def pop_of(pops: PopService, state: CallState, waited_ms: int = 7000) -> Pop:
    return (await pops.prepare(state))(state, PHONE, waited_ms)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the database of a busy machine its time."""
    monkeypatch.setattr(screen_pop, "GATHERING_S", 60.0)


@pytest.fixture
async def place(sqlite_database: Database) -> Place:
    return await furnish(sqlite_database)


async def test_h4_known_caller_is_shown_with_open_tickets(sqlite_database: Database, place: Place) -> None:
    filed = await TicketService(sqlite_database).file(
        place.fault(reporter=Reporter(customer_id=place.wang.id, number=WANG)), AGENT
    )

    pop = await pop_of(service(sqlite_database), call_of(WANG))

    assert (pop.call_id, pop.queue, pop.waited_ms) == ("call-1", "repair", 7000)
    assert pop.customer_id == place.wang.id
    assert [card.name for card in pop.customers] == ["王秀英"]
    assert [ticket.id for ticket in pop.open_tickets] == [filed.id]
    assert pop.history is not None
    assert [ticket.id for ticket in pop.history.tickets] == [filed.id]
    assert filed.id not in {one.ticket.id for one in pop.similar}, "a ticket of the history is not shown twice"
    assert pop.number is not None
    assert pop.number.display == WANG


async def test_notices_of_the_customers_area_are_shown(sqlite_database: Database, place: Place) -> None:
    notices, writer = AreaNoticeService(sqlite_database), Principal("staff-2", "3001", "值班长", Role.SUPERVISOR)
    ends_at = utc_now() + timedelta(hours=8)
    for area, zh in ((place.wang.area, "抢修停热"), ("别处", "停水")):
        await notices.write(writer, AreaNoticeInput(area=area, zh=zh, ends_at=ends_at))
    (shown,) = (await pop_of(service(sqlite_database), call_of(WANG))).notices
    assert (shown.area, shown.text.zh, shown.text.en) == ("城东", "抢修停热", "抢修停热")
    assert shown.ends_at_ms == milliseconds(ends_at)


async def test_unknown_caller_is_shown_with_the_number_alone(sqlite_database: Database, place: Place) -> None:
    pop = await pop_of(service(sqlite_database), call_of(UNKNOWN))
    assert (pop.customers, pop.customer_id, pop.open_tickets) == ([], None, [])
    assert pop.number is not None
    assert pop.number.display == UNKNOWN


async def test_caller_with_a_withheld_number_is_shown_without_one(sqlite_database: Database, place: Place) -> None:
    pop = await pop_of(service(sqlite_database), call_of(None))
    assert (pop.number, pop.customers) == (None, [])


async def test_customers_who_share_a_number_are_for_the_agent_to_choose(
    sqlite_database: Database, place: Place
) -> None:
    customers = CustomerService(sqlite_database)
    son = await customers.create(
        CustomerInput(
            account_number="6001000003", name="王强", phones=["13800000001"], address="建设街8号", area="城东"
        )
    )
    by = Principal(staff_id="staff-1", staff_number="1001", name="张敏", role=Role.AGENT)
    await customers.choose(Choose(number=WANG, customer_id=son.id), by)

    pop = await pop_of(service(sqlite_database), call_of(WANG))

    assert pop.customer_id is None
    assert [card.name for card in pop.customers] == ["王强", "王秀英"]
    assert pop.customers[0].why is not None
    assert "张敏" in pop.customers[0].why.zh
    assert pop.customers[1].why is None


async def test_customer_whom_the_flow_found_is_shown(sqlite_database: Database, place: Place) -> None:
    pop = await pop_of(service(sqlite_database), call_of(UNKNOWN, customer_id=place.li.id))
    assert pop.customer_id == place.li.id


async def test_flow_that_found_no_customer_is_not_repeated(sqlite_database: Database, place: Place) -> None:
    cursor = Cursor("hotline", "person", variables={"customer": {"matches": 0}})
    pop = await pop_of(service(sqlite_database), call_of(WANG, cursor=cursor))
    assert pop.customers == []


async def test_pressed_keys_are_shown_in_order(sqlite_database: Database, place: Place) -> None:
    cursor = Cursor("hotline", "person", pressed=[Pressed("menu", "1"), Pressed("kind", "2")])
    pop = await pop_of(service(sqlite_database), call_of(WANG, cursor=cursor, kind="repair"))
    assert (pop.keys, pop.kind) == (["1", "2"], "repair")


async def test_h5_arrears_are_worded_in_both_languages(sqlite_database: Database, place: Place) -> None:
    await CustomerService(sqlite_database).create(
        CustomerInput(
            account_number="6001000009",
            name="赵",
            phones=["13800000009"],
            address="建设街9号",
            area="城东",
            arrears_cents=12345,
        )
    )
    owing = await pop_of(service(sqlite_database), call_of("+8613800000009"))
    assert owing.arrears is not None
    assert "123元4角5分" in owing.arrears.zh
    assert "123 yuan 45 cents" in owing.arrears.en
    assert (await pop_of(service(sqlite_database), call_of(WANG))).arrears is None


async def test_h9_greeting_names_the_agent_and_follows_the_calendar(sqlite_database: Database, place: Place) -> None:
    ordinary = await pop_of(service(sqlite_database), call_of(WANG))
    festive = await pop_of(service(sqlite_database, NEW_YEAR), call_of(WANG))
    assert ordinary.greeting.zh.startswith("您好，城东供热，工号幺零零幺")
    assert festive.greeting.zh.startswith("新年好，城东供热，工号幺零零幺")


async def test_f25_slow_database_leaves_a_pop_with_number_keys_and_greeting(
    sqlite_database: Database, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen_pop, "GATHERING_S", 0.0)
    cursor = Cursor("hotline", "person", pressed=[Pressed("menu", "1")])
    pop = await pop_of(service(sqlite_database), call_of(WANG, cursor=cursor))
    assert pop.number is not None
    assert (pop.customers, pop.history, pop.keys) == ([], None, ["1"])
    assert "工号幺零零幺" in pop.greeting.zh


async def test_f23_missing_database_leaves_a_pop_with_number_and_greeting(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder' / 'hotline.db'}")
    pop = await pop_of(service(database), call_of(WANG))
    assert pop.number is not None
    assert pop.customers == []
    await database.aclose()
