"""Toll fraud has no door: an adversary's walk, and the rules."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.calls.control.errors import TooManyOutsideCalls
from ari_app.calls.control.model import Target
from ari_app.calls.control.outside import OutsideCalls
from ari_app.calls.control.outside_places import TAKEN
from ari_app.calls.dial_plan import ORDINARY, DialPlan
from ari_app.calls.errors import NumberClassClosed, NumberRefused
from ari_app.calls.tolls import NumberClass, Purpose, TollRules, read_outside
from tests.fakes.services import InstantRedis

TRUNK = "PJSIP/{number}@trunk"
WALK = [
    # Premium, shared cost and service numbers
    *("+1 900 555 0100", "0019005550100", "001900", "+449012345678", "+44 871 234 5678", "400 810 9999", "4008109999"),
    *("+864008109999", "16812345", "0900123456", "+881612345678", "+97912345678", "+8835100012345", "+88213300"),
    # Abroad, by every way of writing it
    *("+442071838750", "00442071838750", "0044 20 7183 8750", "011442071838750", "0011442071838750", "＋442071838750"),
    *("+85223456789", "0085223456789", "+886223456789", "+85328123456", "+2348012345678", "+37122345678"),
    *("+ 44 20 7183 8750", "(+44)2071838750", "tel:+442071838750", "TEL:+442071838750", "00\u200b442071838750"),
    # Emergency and short numbers
    *("110", "119", "120", "122", "911", "112", "999", "10086", "95598", "12345", "96001"),
    *("1 1 0", "+86110", "0451110"),
    # Prefixes and features of an exchange
    *("*72 13800000001", "*7213800000001", "#13800000001", "13800000001#", "**21*13800000001#", "9,0044207", "0"),
    *("9900442071838750", "17909 00442071838750", "179510044207183", "193 0044207183", "1380000000112345"),
    # SIP addresses and parameters
    *("sip:+442071838750@evil.example", "sips:1@evil", "13800000001@evil.example", "13800000001;phone-context=+44"),
    *("13800000001;user=phone", "13800000001?Replaces=x", "13800000001;ext=12", "13800000001,,442071838750"),
    *("<sip:13800000001>", '"a"<13800000001>', "13800000001;rn=+442071838750"),
    # Dial strings of Asterisk
    *("Local/0044207@agents", "PJSIP/0044207@carrier", "PJSIP/trunk/sip:1@evil", "13800000001&PJSIP/0044207@carrier"),
    *("13800000001,30,U(x)", "${EXTEN}", "13800000001)", "AGI:evil", "Console/dsp"),
    *("13800000001^900", "../13800000001"),
    # Alphabets, lengths, control characters
    *("١٣٨٠٠٠٠٠٠٠١", "१३८००००००००१", "+٤٤٢٠٧١٨٣٨٧٥٠", "1380000OOO1", "1800FLOWERS", "1380000000l"),
    *("", " ", "+", "00", "1" * 16, "1" * 41, "9" * 4000, "+" * 20, "13800000001\r\nVia: evil", "13800000001\x00"),
    *("null", "None", "-13800000001", "1e10", "0x13800000001", "13800000001\u202e"),
]
"""Targets of an adversary; none may reach the trunk as another number than an ordinary one of the own country."""
HARMLESS = {"13800000001\u202e", "13800000001)"}
"""Read as the ordinary number that they begin with."""


@pytest.fixture
async def redis(redis_url: str) -> InstantRedis:
    return InstantRedis(redis_url)


def gate(redis: InstantRedis, rules: TollRules | None = None, busy: tuple[str, ...] = ()) -> OutsideCalls:
    plan = DialPlan(TRUNK, "e164", "CN", rules or TollRules(), "0451")

    async def under_way() -> dict[str, str]:
        return {f"outside-{number}": agent_id for number, agent_id in enumerate(busy)}

    return OutsideCalls(redis, plan, under_way, "Asia/Shanghai")


def test_walk_is_long_and_each_target_is_once_in_it() -> None:
    assert len(WALK) == len(set(WALK)) >= 60


@pytest.mark.parametrize("purpose", [Purpose.AGENT, Purpose.DUTY])
async def test_adversary_walks_past_every_door(redis: InstantRedis, purpose: Purpose) -> None:
    outside, dialled = gate(redis), dict[str, str]()
    fields: set[str] = set()
    for target in WALK:
        try:
            found = await outside.target("staff-1", target, purpose)
        except NumberRefused as refused:
            fields |= {one.field for one in refused.errors}
        else:
            dialled[target] = found.endpoint
    assert fields == {"target.id"}
    assert dialled.keys() <= HARMLESS
    assert set(dialled.values()) <= {"PJSIP/+8613800000001@trunk"}


@pytest.mark.parametrize("number", ["96001", "110", "1001", "16881234567"])
async def test_short_emergency_and_premium_numbers_are_said_to_be_closed(redis: InstantRedis, number: str) -> None:
    with pytest.raises(NumberRefused) as refused:
        await gate(redis).target("staff-1", number)
    assert refused.value.errors[0].rule == ORDINARY


@given(st.text(max_size=30))
def test_no_text_becomes_another_number_than_an_ordinary_one(text: str) -> None:
    try:
        dialled = DialPlan(TRUNK, "e164", "CN").endpoint(text, Purpose.AGENT)
    except NumberRefused:
        return
    assert dialled.startswith("PJSIP/+86")


@pytest.mark.parametrize(
    ("number", "wanted"),
    [
        ("+8645187654321", "local"),
        ("+861062770334", "long_distance"),
        ("+8613800000001", "mobile"),
        ("+868008109999", "free"),
        ("+864008109999", "premium"),
        ("+442071838750", "foreign"),
        ("+85223456789", "foreign"),
        ("+449012345678", "premium"),
    ],
)
def test_closed_class_is_named(number: str, wanted: str) -> None:
    """403."""
    nothing = TollRules.model_validate({"service": {"open": []}})
    with pytest.raises(NumberClassClosed, match="not dialled") as refused:
        DialPlan(TRUNK, "e164", "CN", nothing, "0451").endpoint(number)
    assert refused.value.status == 403
    assert refused.value.errors[0].rule == f"must not be a {wanted} number: these are closed"

    everything = TollRules.model_validate({"service": {"open": [wanted]}})
    assert DialPlan(TRUNK, "e164", "CN", everything, "0451").endpoint(number) == f"PJSIP/{number}@trunk"


def test_opened_classes_are_dialled_as_the_country_dials() -> None:
    rules = TollRules.model_validate({"agents": {"open": ["foreign"]}, "opened": ["95598"], "closed": ["+4490"]})
    plan = DialPlan(TRUNK, "national", "CN", rules)
    assert plan.endpoint("+442071838750", Purpose.AGENT) == "PJSIP/00442071838750@trunk"
    assert plan.endpoint("95598", Purpose.AGENT) == "PJSIP/95598@trunk"
    for number in ("+8613800000001", "+449012345678", "10086"):
        with pytest.raises(NumberRefused):
            plan.endpoint(number, Purpose.AGENT)


async def test_caps_of_one_agent_and_of_all(redis: InstantRedis) -> None:
    rules = TollRules.model_validate({"agents": {"a_day": 2, "at_once": 1}, "a_day": 3, "at_once": 2})
    outside = gate(redis, rules)
    number = "13800000001"
    for _ in range(2):
        await outside.target("staff-1", number)
        await redis.delete(TAKEN)
    for _ in range(5):
        with pytest.raises(TooManyOutsideCalls, match="this agent called 2"):
            await outside.target("staff-1", number)
    assert (await outside.left_today("staff-1"), await outside.left_today("staff-2")) == (0, 1)
    await outside.target("staff-2", number)
    await redis.delete(TAKEN)
    with pytest.raises(TooManyOutsideCalls, match="3 outside numbers were called today"):
        await outside.target("staff-3", number)
    with pytest.raises(TooManyOutsideCalls, match="this agent has 1"):
        await gate(redis, rules, ("staff-4",)).target("staff-4", number)
    with pytest.raises(TooManyOutsideCalls, match="2 outside numbers are called"):
        await gate(redis, rules, ("staff-5", "staff-6")).target("staff-4", number)


async def test_processes_of_the_house_share_the_numbers_at_once(redis: InstantRedis) -> None:
    """The first ones get the places; a refused one takes none."""
    rules = TollRules.model_validate({"agents": {"at_once": 2}, "at_once": 3})
    processes = [gate(redis, rules), gate(redis, rules)]

    async def asks(number: int) -> Target | TooManyOutsideCalls:
        try:
            return await processes[number % 2].target(f"staff-{number % 4}", "13800000001")
        except TooManyOutsideCalls as refused:
            return refused

    found = await asyncio.gather(*(asks(number) for number in range(12)))
    targets = [one for one in found if isinstance(one, Target)]
    assert len(targets) == len({one.place for one in targets}) == 3
    assert await redis.zcard(TAKEN) == 3
    await redis.delete(TAKEN)
    assert isinstance(await asks(1), Target), "the calls are over"


def read(folder: Path, text: str) -> list[str]:
    (folder / "outside.yaml").write_text(text, encoding="utf-8")
    return [str(one) for one in read_outside(folder)[1]]


def test_file_names_line_field_and_rule(tmp_path: Path) -> None:
    faults = read(tmp_path, "agents: { open: [local, lunar], at_once: -1 }\nopened: ['+1900']\nwhat: 1\n")
    assert len(faults) == 4
    assert all(one.startswith("outside.yaml:") for one in faults)
    assert "agents.at_once" in "".join(faults)
    assert "outside.yaml:3: unknown-field" in "".join(faults)


def test_costly_class_is_a_warning(tmp_path: Path) -> None:
    (warning,) = read(tmp_path, "at_once: 5\nagents: { open: [premium] }\n")
    assert warning.startswith("outside.yaml:2: costly-class")
    assert warning.endswith("(warning)")


def test_shipped_rules_open_nothing_costly() -> None:
    rules, findings = read_outside(Path("/nonexistent"))
    assert not findings
    assert not {NumberClass.FOREIGN, NumberClass.PREMIUM} & {one for p in Purpose for one in rules.opens(p)}
