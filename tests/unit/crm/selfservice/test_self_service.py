"""Self-service: web reports file once, progress needs a secret (H12, H21)."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from callflows.actions import CallerActions
from crm.appointments.service import AppointmentService
from crm.categories.model import CategoryChange
from crm.categories.service import CategoryService
from crm.customers.service import CustomerService
from crm.departments.service import DepartmentService
from crm.kinds import TicketKind
from crm.selfservice.errors import KeyNeeded, NoSuchReport
from crm.selfservice.files import ReportFiles
from crm.selfservice.http import routes
from crm.selfservice.limits import Limit
from crm.selfservice.model import STAGES, WORDS, MatterQuery, Progress, ProgressQuery, PublicHotline, Stage, WebReport
from crm.selfservice.service import MANY, QUESTIONS_ABOUT_TICKET, READINGS_OF_ADDRESS, SelfService
from crm.selfservice.visits import PublicVisits
from crm.tickets.errors import FormNotFilled, KeyReused, UnknownReference
from crm.tickets.files.service import FileService
from crm.tickets.forms.model import FormInput
from crm.tickets.inputs import AppendToTicket, Reporter
from crm.tickets.listing import ListQuery
from crm.tickets.merges.model import MergeTicket
from crm.tickets.model import TicketStatus
from crm.tickets.service import TicketService
from foundation.clock import utc_now
from foundation.database import Database
from foundation.problems import TooMany
from foundation.routes import NoQuery, Request
from ivr.actions import ActionCall
from ivr.cursor import Cursor
from tests.unit.crm.conftest import AGENT, Place

ELSEWHERE = "203.0.113.7"
EIGHT = (utc_now() + timedelta(days=3)).replace(hour=8, minute=0, second=0, microsecond=0)
TEN = EIGHT + timedelta(hours=2)


class Counting:
    """Counts as the service's limiter does, in memory."""

    def __init__(self) -> None:
        self.counted: dict[tuple[str, str], int] = {}

    async def count(self, what: str, who: str, limit: Limit) -> None:
        self.counted[what, who] = self.counted.get((what, who), 0) + 1
        if self.counted[what, who] > limit.most:
            raise TooMany("later")


@pytest.fixture
def service(database: Database, tickets: TicketService) -> SelfService:
    return SelfService(database, tickets, Counting())


def form(**changes: object) -> WebReport:
    given: dict[str, object] = {
        "kind": "fault",
        "subject": "暖气不热",
        "name": "张敏",
        "number": "13800000003",
        "address": "幸福路9号",
    }
    return WebReport.model_validate(given | changes)


async def test_h12_a_form_sent_twice_files_once_and_answers_the_number_only(
    service: SelfService, tickets: TicketService, place: Place
) -> None:
    first = await service.report(form(), "key-1", ELSEWHERE)
    again = await service.report(form(), "key-1", ELSEWHERE)

    assert first == again
    assert set(first.model_dump()) == {"number", "added", "visit_code"}
    found = await tickets.by_number(first.number)
    assert found is not None
    detail = await tickets.get(found.id)
    assert (detail.channel, detail.customer_id, detail.version) == ("web", None, 1)
    assert [(one.number, one.name) for one in detail.reporters] == [("+8613800000003", "张敏")]
    assert [(entry.action, entry.actor_kind) for entry in detail.log] == [("file", "caller")]


async def test_a_report_of_an_open_matter_is_said_to_be_added(
    service: SelfService, tickets: TicketService, place: Place
) -> None:
    first = await service.report(form(), "key-1", ELSEWHERE)
    later = await service.report(form(subject="暖气还是不热"), "key-2", ELSEWHERE)

    assert (first.added, later.added, later.number) == (False, True, first.number)


async def test_another_report_under_the_same_key_is_refused_and_not_lost(
    service: SelfService, tickets: TicketService, place: Place
) -> None:
    first = await service.report(form(), "key-1", ELSEWHERE)
    with pytest.raises(KeyReused) as refused:
        await service.report(form(subject="水管漏水"), "key-1", ELSEWHERE)
    assert [problem.field for problem in refused.value.errors] == ["Idempotency-Key"]

    found = await tickets.by_number(first.number)
    assert found is not None
    addition = AppendToTicket(text="卧室也不热", reporter=Reporter(number="13800000003"))
    once = await tickets.append(found.id, addition, AGENT, "key-2")
    assert (await tickets.append(found.id, addition, AGENT, "key-2")).version == once.version
    with pytest.raises(KeyReused):
        await tickets.append(found.id, addition.model_copy(update={"text": "厨房也不热"}), AGENT, "key-2")


async def test_h12_a_web_form_is_filled_as_its_kind_asks_and_can_learn_what_that_is(
    service: SelfService, tickets: TicketService, place: Place
) -> None:
    (asked,) = [form for form in await service.forms(ELSEWHERE) if form.kind is TicketKind.AFTER_SALES]
    required = {field.name for field in asked.fields if field.required}
    assert required == {"product"}
    for answers, wrong in (({}, "product"), ({"product": "锅炉", "purchase_channel": "moon"}, "purchase_channel")):
        with pytest.raises(FormNotFilled) as refused:
            await service.report(form(kind="after_sales", form=answers), "key-1", ELSEWHERE)
        assert [problem.field for problem in refused.value.errors] == [f"form.{wrong}"]

    receipt = await service.report(form(kind="after_sales", form=dict.fromkeys(required, "锅炉")), "key-1", ELSEWHERE)
    assert await tickets.by_number(receipt.number)


async def test_a_web_form_names_a_cause_that_is_offered(
    service: SelfService, tickets: TicketService, place: Place, database: Database
) -> None:
    assert place.cold in {category.id for category in await service.categories(ELSEWHERE)}
    receipt = await service.report(form(category_id=place.cold), "key-1", ELSEWHERE)
    found = await tickets.by_number(receipt.number)
    assert found is not None
    assert found.category_id == place.cold

    await CategoryService(database).update(place.cold, CategoryChange(active=False))
    assert place.cold not in {category.id for category in await service.categories(ELSEWHERE)}
    with pytest.raises(UnknownReference):
        await service.report(form(category_id=place.cold, address="幸福路10号"), "key-2", ELSEWHERE)


async def test_offers_name_no_person_and_are_limited(
    service: SelfService, tickets: TicketService, place: Place
) -> None:
    await tickets.forms.replace(TicketKind.FAULT, FormInput(fields=[]), 0, AGENT)
    told = [*await service.forms(ELSEWHERE), *await service.categories(ELSEWHERE)]
    assert {name for one in told for name in one.model_dump()} == {
        "kind",
        "fields",
        "id",
        "name",
        "name_en",
        "parent_id",
        "fits",
    }

    for _ in range(READINGS_OF_ADDRESS.most - 2):
        await service.categories(ELSEWHERE)
    with pytest.raises(TooMany):
        await service.forms(ELSEWHERE)
    assert await service.forms("203.0.113.8")


async def test_the_same_key_of_another_number_is_another_report(service: SelfService, place: Place) -> None:
    first = await service.report(form(kind="complaint"), "key-1", ELSEWHERE)
    other = await service.report(form(kind="complaint", number="13800000004"), "key-1", ELSEWHERE)

    assert first.number != other.number


async def test_h4_a_reporter_who_tells_it_once_more_is_added_to_the_open_ticket(
    service: SelfService, tickets: TicketService, place: Place
) -> None:
    told = place.fault(address="幸福路9号", description="卧室暖气片不热", reporter=Reporter(number="+8613800000003"))
    first = await tickets.file(told, AGENT, "told")
    for key, again in (
        ("cause", form(category_id=None)),
        ("words", form(subject="暖气片还是不热", number="138 0000 0003")),
    ):
        receipt = await service.report(again, key, ELSEWHERE)
        assert (receipt.number, receipt.visit_code) == (first.number, "")
    assert (await tickets.get(first.id)).urge_count == 2
    others = {
        "words": form(subject="厨房水管漏水，请派人"),
        "place": form(address="和平路56号1单元1102"),
        "kind": form(kind="complaint"),
    }
    numbers = {(await service.report(other, f"other-{what}", ELSEWHERE)).number for what, other in others.items()}
    assert len(numbers | {first.number}) == len(others) + 1
    rows = {row.number: row for row in await tickets.rows(ListQuery(status=[TicketStatus.REGISTERED]), None)}
    at_the_place = numbers - {one.number for one in rows.values() if one.address.startswith("和平路")}
    assert all(first.number in rows[number].similar for number in at_the_place)
    assert all(number not in rows[number].similar for number in rows)


async def test_an_account_is_linked_only_from_its_own_number(
    service: SelfService, tickets: TicketService, place: Place
) -> None:
    account = place.wang.account_number
    own = await service.report(form(number="13800000001", account_number=account, kind="complaint"), "1", ELSEWHERE)
    other = await service.report(form(account_number=account, kind="complaint"), "2", ELSEWHERE)

    linked = [await tickets.by_number(receipt.number) for receipt in (own, other)]
    assert [found.customer_id if found else "?" for found in linked] == [place.wang.id, None]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("subject", "x" * 101),
        ("subject", ""),
        ("description", "x" * 2001),
        ("name", "<b>" + "\x00"),
        ("number", "no number"),
        ("number", "1" * 31),
        ("address", "\u202egnp"),
        ("kind", "bribe"),
        ("status", "archived"),
        ("urgency", "critical"),
        ("department_id", "department-1"),
        ("channel", "phone"),
        ("form", {str(number): 1 for number in range(41)}),
    ],
)
def test_s38_a_form_holds_what_it_may_and_nothing_else(field: str, value: object) -> None:
    with pytest.raises(ValidationError, match=field):
        form(**{field: value})


async def test_a_key_is_needed_and_too_many_are_refused(
    service: SelfService, tickets: TicketService, place: Place, database: Database, tmp_path: Path
) -> None:
    report_files = ReportFiles(FileService(database, tmp_path), Counting())
    visits = PublicVisits(database, AppointmentService(database, tickets), Counting())
    report = next(
        route for route in routes(service, report_files, visits).table if route.path == "/api/v1/public/reports"
    )
    assert report.public

    with pytest.raises(KeyNeeded):
        await report.handler(Request(None, {}, NoQuery(), form(), None, ELSEWHERE))
    for number in range(10):
        await service.report(form(kind="complaint", number=f"1380000010{number}"), f"key-{number}", ELSEWHERE)
    with pytest.raises(TooMany):
        await service.report(form(), "key-10", ELSEWHERE)
    await service.report(form(), "key-10", "203.0.113.8")


async def test_progress_needs_a_secret_of_the_reporter(
    service: SelfService, tickets: TicketService, place: Place
) -> None:
    reporter = Reporter(customer_id=place.wang.id, number="+8613800009876", name="王秀英")
    filed = await tickets.file(place.fault(reporter=reporter, visit_from=EIGHT, visit_until=TEN), AGENT)
    await tickets.dispatch(filed.id, place.east, AGENT)

    by_number = await service.progress(filed.number, "9876", ELSEWHERE)
    by_account = await service.progress(filed.number, place.wang.account_number[-4:], ELSEWHERE)

    assert by_number == by_account
    assert (by_number.stage, by_number.department) == ("sent", "城东维修工区")
    assert (by_number.visit_from, by_number.visit_booked) == (EIGHT, False)
    told = by_number.model_dump_json()
    for secret in ("王秀英", "9876", "幸福路", place.wang.account_number, filed.id):
        assert secret not in told.replace(filed.number, "")


async def test_s7_unknown_and_wrong_look_the_same(service: SelfService, tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(), AGENT)
    anonymous = await tickets.file(place.fault(None, kind="complaint"), AGENT)

    refusals = []
    for number, check in ((filed.number, "9999"), ("99010100001", "0001"), (anonymous.number, "0000")):
        with pytest.raises(NoSuchReport) as refusal:
            await service.progress(number, check, ELSEWHERE)
        refusals.append(refusal.value.details())
    assert refusals[0] == refusals[1] == refusals[2]


async def test_the_check_cannot_be_guessed(service: SelfService, tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(), AGENT)

    for number in (filed.number, "99010100001"):
        for guess in range(QUESTIONS_ABOUT_TICKET.most):
            with pytest.raises(NoSuchReport):
                await service.progress(number, f"9{guess:03d}", f"203.0.113.{guess}")
        with pytest.raises(TooMany):
            await service.progress(number, "0001", "203.0.113.200")


async def test_an_appointment_of_another_reporter_is_not_shown(
    service: SelfService, tickets: TicketService, place: Place
) -> None:
    filed = await tickets.file(place.fault(visit_from=EIGHT, visit_until=TEN), AGENT)
    await tickets.append(filed.id, AppendToTicket(text="也不热", reporter=Reporter(number="13800000003")), AGENT)

    assert (await service.progress(filed.number, "0003", ELSEWHERE)).visit_from is None


async def test_a_merged_ticket_is_as_far_as_what_stands_for_it(
    service: SelfService, tickets: TicketService, place: Place
) -> None:
    one = await tickets.file(place.fault(), AGENT)
    other = await tickets.file(place.fault("+8613800000002", address="幸福路99号"), AGENT)
    await tickets.merges.merge(one.id, MergeTicket(into=other.id), AGENT)
    await tickets.dispatch(other.id, place.west, AGENT)

    found = await service.progress(one.number, "0001", ELSEWHERE)

    assert (found.number, found.stage, found.department) == (one.number, "sent", "城西维修工区")


def test_every_state_has_words_in_both_languages() -> None:
    assert set(STAGES) == set(TicketStatus) - {TicketStatus.MERGED}
    assert set(WORDS) == set(Stage)
    assert all(set(words) == {"zh", "en"} for words in WORDS.values())


@pytest.mark.parametrize("check", ["12", "12345", "abcd", "１２３４", "' OR", ""])
def test_the_check_is_four_digits(check: str) -> None:
    with pytest.raises(ValidationError):
        ProgressQuery(number="26010100001", check=check)


async def test_h21_the_telephone_tells_the_same(
    service: SelfService, tickets: TicketService, place: Place, database: Database
) -> None:
    actions = CallerActions(CustomerService(database), tickets, DepartmentService(database), service)
    filed = await tickets.file(place.fault(), AGENT)

    async def ask(number: str, check: str) -> Any:
        cursor = Cursor(flow="hotline", step="find_progress", language="zh", variables={})
        return await actions.find_progress(ActionCall(cursor, {"number": number, "check": check}))

    assert (await ask(filed.number, "0001"))["progress.prompt"] == "progress_registered"
    await tickets.dispatch(filed.id, place.east, AGENT)
    assert (await ask(filed.number, "0001"))["progress.prompt"] == "progress_sent"
    await tickets.sign(filed.id, place.worker(place.east))
    assert await ask(filed.number, "0001") == {
        "progress.prompt": "progress_handled_by",
        "progress.department": "城东维修工区",
    }
    assert (await ask(filed.number, "9999"))["progress.prompt"] == "progress_not_found"
    assert (await ask("123456", "0001"))["progress.prompt"] == "progress_not_found"


def test_progress_has_no_field_for_free_text() -> None:
    assert not set(Progress.model_fields) & {"subject", "description", "address", "reply", "name", "reporters"}


async def test_a_matter_of_many_people_is_told_and_that_of_a_few_is_not(
    service: SelfService, tickets: TicketService, place: Place
) -> None:
    asked = MatterQuery(category_id=place.cold, address="幸福里小区9号楼")

    async def reported(number: int) -> None:
        given = form(category_id=place.cold, area="幸福里", number=f"1380000020{number}", address=f"幸福里{number}号")
        await service.report(given, f"key-{number}", ELSEWHERE)

    for number in range(MANY - 1):
        await reported(number)
    # One of them again is no further person.
    await service.report(
        form(category_id=place.cold, area="幸福里", number="13800000200", address="幸福里77号"), "again", ELSEWHERE
    )
    assert not (await service.known_matter(asked, ELSEWHERE)).many
    await reported(MANY)
    assert (await service.known_matter(asked, ELSEWHERE)).many
    assert not (await service.known_matter(asked.model_copy(update={"address": "平安里8号"}), ELSEWHERE)).many


async def test_the_public_pages_name_the_number_to_dial(database: Database, tickets: TicketService) -> None:
    service = SelfService(database, tickets, Counting(), "96001", "Asia/Urumqi")
    assert await service.number_to_dial(ELSEWHERE) == PublicHotline(hotline="96001", time_zone="Asia/Urumqi")
    for _ in range(READINGS_OF_ADDRESS.most - 1):
        await service.number_to_dial(ELSEWHERE)
    with pytest.raises(TooMany):
        await service.number_to_dial(ELSEWHERE)
