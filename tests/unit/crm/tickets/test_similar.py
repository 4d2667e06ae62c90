"""Similar tickets are offered, best first, each with reasons (H4)."""

import time
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from crm.tickets.address import address_key, address_tail
from crm.tickets.compared import CANDIDATES_BY
from crm.tickets.inputs import AppendToTicket, Reporter
from crm.tickets.service import TicketService
from crm.tickets.similar import ADDRESS, AREA, CATEGORY, CUSTOMER, NUMBER, WORDS, SimilarQuery, SimilarTicket, combined
from foundation.database import Database
from tests.unit.crm.conftest import AGENT, Place
from tests.unit.crm.history.test_history import plan


def codes(found: SimilarTicket) -> list[str]:
    return [reason.code for reason in found.why]


@pytest.mark.parametrize(
    "other",
    [
        "幸福路12号3单元402",
        "幸福路 12 号 3 单元 402 室",
        "幸福路１２号３单元４０２",
        "幸福路12号三单元402户",
        "幸福路十二号三单元四〇二",
        "幸福路12-3-402",
        "幸福路12号,3单元,402",
        "幸福路12号3单元4楼402",
        "幸福路12号3单元四层402室",
        "幸福路12号3单元 4楼-402",
        "幸福路12號3單元402",
        "城东区幸福路12号3单元402",
        "哈尔滨市城东区幸福路12号3单元402",
        "黑龙江省哈尔滨市城东区幸福路12号3单元402",
        "哈爾濱市城東區幸福路12號3單元4層402室",
    ],
)
def test_writings_of_one_place_share_a_key(other: str) -> None:
    assert address_key(other) == address_key("幸福路12号3单元402室")


@pytest.mark.parametrize(
    "other",
    [
        "幸福路12号3单元403",
        "幸福路123号402",
        "幸福路1号23单元402",
        "解放路12号3单元402",
        "幸福路12号3单元5楼402",
        "宾县幸福路12号3单元402",
        "",
    ],
)
def test_different_places_have_different_keys(other: str) -> None:
    assert address_key(other) != address_key("幸福路12号3单元402")


@pytest.mark.parametrize(
    ("spoken", "digits"),
    [("十号", "10"), ("二十楼", "20"), ("二十三号", "23"), ("一百零二室", "102"), ("一〇二室", "102"), ("两单元", "2")],
)
def test_numbers_in_characters(spoken: str, digits: str) -> None:
    assert address_key(spoken) == digits


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("城东区光华小区3栋502", "城西区光华小区3栋502"),
        ("阳光城市花园3栋502", "幸福城市花园3栋502"),
        ("哈尔滨市宾县人民路12号", "哈尔滨市巴彦县人民路12号"),
        ("农贸市场路5号", "场路5号"),
        ("光华小区一区3栋", "光华小区二区3栋"),
    ],
)
def test_places_with_like_names_stay_apart(one: str, other: str) -> None:
    assert address_key(one) != address_key(other)


def test_a_road_named_after_a_number_keeps_its_name() -> None:
    assert address_key("八一路3号") == "八一路3"


async def test_the_likeliest_comes_first_and_says_why(tickets: TicketService, place: Place) -> None:
    same_place = await tickets.file(place.fault(), AGENT)
    same_area = await tickets.file(
        place.fault("+8613800000004", address="和平路5号", subject="暖气不热", description="整栋楼暖气都不热"), AGENT
    )
    await tickets.file(
        place.fault("+8613800000005", address="长安街1号", area="城西", category_id=None, subject="收费咨询"), AGENT
    )

    found = await tickets.similar(
        SimilarQuery(address="幸福路 １２号 三单元402室", area="城东", category_id=place.cold, text="暖气不热")
    )

    assert [similar.ticket.id for similar in found] == [same_place.id, same_area.id]
    assert codes(found[0]) == ["address", "category", "area", "words"]
    assert codes(found[1]) == ["category", "area", "words"]
    assert 1.0 >= found[0].score > found[1].score >= 0.3
    assert found[0].why[0].zh == "同一地址"


async def test_h4_same_place_and_cause_comes_before_everything_else(tickets: TicketService, place: Place) -> None:
    """Also before a ticket of the same customer and words elsewhere."""
    text = "家里一点都不暖和"
    same_matter = await tickets.file(place.fault("+8613800000009", area="", subject="阀门漏水"), AGENT)
    reporter = Reporter(customer_id=place.wang.id, number="+8613800000001")
    alike = await tickets.file(place.fault(reporter=reporter, address="和平路5号", subject=text), AGENT)
    no_cause = await tickets.file(place.fault(reporter=reporter, category_id=None, subject=text), AGENT)

    found = await tickets.similar(
        SimilarQuery(
            customer_id=place.wang.id,
            number="13800000001",
            address="幸福路12号3单元402",
            area="城东",
            category_id=place.cold,
            text=text,
        )
    )

    assert found[0].ticket.id == same_matter.id
    assert {similar.ticket.id for similar in found[1:]} == {alike.id, no_cause.id}
    assert found[0].score > found[1].score


@given(st.lists(st.booleans(), min_size=6, max_size=6), st.integers(0, 5), st.floats(0, 1))
def test_a_further_reason_never_makes_it_less_likely(there: list[bool], more: int, words: float) -> None:
    names = ("address", "customer", "number", "category", "area", "words")
    most = dict(zip(names, (ADDRESS, CUSTOMER, NUMBER, CATEGORY, AREA, WORDS * words), strict=True))
    weights = {name: most[name] if given_ else 0.0 for name, given_ in zip(names, there, strict=True)}

    less, further = combined(weights), combined(weights | {names[more]: most[names[more]]})

    assert 0.0 <= less <= further + 1e-12
    assert further < 1.0
    if there[0] and there[3]:
        assert less > combined(most | {"category": 0.0})
        assert less > combined(most | {"address": 0.0})


async def test_an_address_without_its_district_is_still_the_place(tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(), AGENT)

    (found,) = await tickets.similar(SimilarQuery(address="城东区幸福路12号3单元402室", area="城东"))

    assert found.ticket.id == filed.id
    assert codes(found) == ["address", "area"]


@pytest.mark.parametrize(
    ("filed_as", "asked_as"),
    [
        ("经纬街91号2单元501", "道里区经纬街91号2单元5楼501"),
        ("道里区经纬街91号2单元501", "經緯街91號2單元5層501室"),
        ("光华小区3栋502", "哈尔滨市道里区光华小区3栋502"),
        ("哈尔滨市道里区光华小区3栋502", "光华小区3栋502"),
    ],
)
async def test_the_same_flat_is_offered_without_its_area(
    tickets: TicketService, place: Place, filed_as: str, asked_as: str
) -> None:
    filed = await tickets.file(place.fault(address=filed_as, area="城西"), AGENT)

    (found,) = await tickets.similar(SimilarQuery(address=asked_as))

    assert found.ticket.id == filed.id
    assert codes(found) == ["address"]


async def test_a_flat_number_alone_is_no_address(tickets: TicketService, place: Place) -> None:
    await tickets.file(place.fault(), AGENT)

    assert await tickets.similar(SimilarQuery(address="12号3单元402")) == []
    assert await tickets.similar(SimilarQuery(address="路12号3单元402")) == []


async def test_a_second_reporters_number_is_a_reason(tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(reporter=Reporter(customer_id=place.wang.id)), AGENT)
    await tickets.append(
        filed.id, AppendToTicket(text="也不热", reporter=Reporter(number="13800000003", name="张敏")), AGENT
    )

    (by_number,) = await tickets.similar(SimilarQuery(number="0086 138 0000 0003"))
    (by_customer,) = await tickets.similar(SimilarQuery(customer_id=place.wang.id))

    assert codes(by_number) == ["number"]
    assert codes(by_customer) == ["customer"]
    assert await tickets.similar(SimilarQuery(number="13800000009")) == []


async def test_h4_joined_ticket_counts_as_the_customers(tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(reporter=Reporter(customer_id=place.wang.id)), AGENT)
    own = await tickets.file(place.fault(address="", reporter=Reporter(customer_id=place.li.id)), AGENT)
    joining = AppendToTicket(text="也不热", reporter=Reporter(customer_id=place.li.id))
    await tickets.append(filed.id, joining, AGENT)

    found = await tickets.similar(SimilarQuery(customer_id=place.li.id))

    assert {similar.ticket.id: codes(similar) for similar in found} == {
        filed.id: ["customer"],
        own.id: ["customer"],
    }
    assert [ticket.id for ticket in await tickets.open_for_customer(place.li.id)] == [own.id, filed.id]
    assert [ticket.id for ticket in await tickets.open_for_customer(place.wang.id)] == [filed.id]
    await tickets.answer(filed.id, "用户确认", AGENT)
    assert [ticket.id for ticket in await tickets.open_for_customer(place.li.id)] == [own.id]


@pytest.mark.parametrize("names", [("number",), ("customer_id",)])
async def test_reported_tickets_are_read_from_an_index(database: Database, names: tuple[str, ...]) -> None:
    """No statement by reporter reads the open tickets one by one."""
    statements = [statement for by, statement in CANDIDATES_BY if by == names]
    plans = [await database.change(partial(plan, statement, database.is_sqlite)) for statement in statements]
    assert any(f"ix_ticket_reporter_{names[0]}" in found for found in plans)
    assert not [found for found in plans if "SCAN ticket" in found or "Seq Scan on ticket" in found]


async def test_addresses_with_the_same_end_are_found_by_an_index(database: Database) -> None:
    """A scan would take longer with every open ticket."""
    (statement,) = [statement for by, statement in CANDIDATES_BY if by == ("address_tail",)]
    found = await database.change(partial(plan, statement, database.is_sqlite))
    assert "ix_ticket_open_address_tail" in found


@pytest.mark.parametrize(
    ("key", "tail"),
    [
        ("幸福路12-3-402", "福路12-3-402"),
        ("道里-幸福路12-3-402", "福路12-3-402"),
        ("12-3-402", ""),
        ("幸福路", ""),
        ("小区a栋b12", "栋b12"),
        ("", ""),
    ],
)
def test_tail_is_the_shortest_end_with_a_name_and_a_number(key: str, tail: str) -> None:
    assert address_tail(key) == tail


async def test_closed_ticket_is_not_offered(tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(), AGENT)
    await tickets.answer(filed.id, "用户确认", AGENT)

    assert await tickets.similar(SimilarQuery(address="幸福路12号3单元402", number="13800000001")) == []


async def test_empty_query_finds_nothing(tickets: TicketService, place: Place) -> None:
    await tickets.file(place.fault(), AGENT)

    assert await tickets.similar(SimilarQuery()) == []


@pytest.mark.parametrize("text", ["%" * 4000, "_" * 500, "' OR 1=1 --", "暖" * 4000, "\n", "(CASE WHEN 1=1 THEN 1)"])
async def test_s3_s4_hostile_texts_are_only_texts(tickets: TicketService, place: Place, text: str) -> None:
    filed = await tickets.file(place.fault(description="不热" * 2000), AGENT)

    begun = time.process_time()
    found = await tickets.similar(SimilarQuery(address="幸福路12号3单元402", area=text[:60], text=text))

    assert time.process_time() - begun < 0.5
    assert [similar.ticket.id for similar in found] == [filed.id]


@pytest.mark.parametrize("text", ["\x00", "\u202ekcolb", "\ud800"])
def test_s12_unstorable_characters_are_refused(text: str) -> None:
    for field in ("address", "area", "text", "customer_id", "category_id"):
        with pytest.raises(ValidationError, match=field):
            SimilarQuery.model_validate({field: text})
