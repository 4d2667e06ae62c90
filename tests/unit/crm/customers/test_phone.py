"""One number has one form, however it is written (S12, S15)."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.customers.phone import (
    LONGEST,
    Home,
    PhoneOrigin,
    any_typed_number,
    caller_number,
    describe,
    home,
    normalise,
    set_home,
    spellings,
    takes_messages,
    typed_number,
)

FULL_WIDTH = str.maketrans("0123456789+-()", "０１２３４５６７８９＋－（）")
E164 = re.compile(r"\+[1-9][0-9]{4,14}", re.ASCII)

DIGITS = re.compile(r"\+?[0-9]{3,20}", re.ASCII)


@pytest.fixture
def harbin() -> Iterator[None]:
    before = home()
    set_home(Home("CN", "0451"))
    yield
    set_home(before)


mobiles = st.builds("138{:08d}".format, st.integers(0, 99_999_999))
prefixes = st.sampled_from(["", "0", "+86", "0086", "86", "+86 ", "0086-", "+86 (0) ", "tel:+86", "sip:"])
gaps = st.sampled_from(["", " ", "-", ".", "  "])


@given(mobiles, prefixes, gaps, st.booleans(), st.sampled_from(["", " ", "\n", "\t"]))
def test_every_writing_of_a_mobile_is_the_same_number(
    mobile: str, prefix: str, gap: str, is_full_width: bool, around: str
) -> None:
    written = f"{around}{prefix}{mobile[:3]}{gap}{mobile[3:7]}{gap}{mobile[7:]}{around}"
    if is_full_width and ":" not in written:
        written = written.translate(FULL_WIDTH)

    assert normalise(written) == f"+86{mobile}"


@given(st.text(max_size=60))
def test_any_text_gives_a_number_or_none(raw: str) -> None:
    number = normalise(raw)

    assert number is None or E164.fullmatch(number)
    assert isinstance(describe(number), PhoneOrigin)


@given(st.from_regex(r"[+0-9０-９ ().\-/]{1,40}", fullmatch=True))
def test_a_number_is_its_own_normal_form(raw: str) -> None:
    number = normalise(raw)

    assert number is None or normalise(number) == number


@given(mobiles, st.sampled_from("abcXYZ&@;,/\\'\"<>%_|`$٣\x00\u202e"), st.integers(0, 11))
def test_one_foreign_character_anywhere_and_it_is_no_number(mobile: str, character: str, place: int) -> None:
    if character == "/" and place > 0:
        return
    assert normalise(mobile[:place] + character + mobile[place:]) is None


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("0451-8888 8888", "+8645188888888"),
        ("+86 0451 8888 8888", "+8645188888888"),
        ("010-12345678", "+861012345678"),
        ("4008001234", "+864008001234"),
        ("+1 (415) 555-2671", "+14155552671"),
        ("0014155552671", "+14155552671"),
        ("+852 2345 6789", "+85223456789"),
    ],
)
def test_landlines_service_lines_and_numbers_abroad(raw: str, number: str) -> None:
    assert normalise(raw) == number


@pytest.mark.parametrize("raw", ["110", "119", "10086", "12345", "95598", "12369"])
def test_a_short_service_number_has_no_e164_form(raw: str) -> None:
    assert normalise(raw) is None


@pytest.mark.parametrize(
    "raw",
    [
        None,
        "",
        "   ",
        "anonymous",
        "Restricted",
        "unknown",
        "未显示",
        "+",
        "138000000",
        "138000000011",
        "123&PJSIP/trunk/900123",
        "123@evil.com",
        "sip:13800000001@evil",
        "13800000001;transport=tcp",
        "Local/1@internal",
        "13800000001,30,U(x)",
        "+١٤١٥٥٥٥٢٦٧١",
        "1'",
        "' OR '1'='1",
        "','',sleep(6));#",
        "1" * (LONGEST + 1),
        "1" * 64_000,
    ],
)
def test_withheld_and_nonsense_are_no_number(raw: str | None) -> None:
    assert normalise(raw) is None


def test_a_number_of_the_own_region_is_read_as_such() -> None:
    assert normalise("(415) 555-2671", region="US") == "+14155552671"


@pytest.mark.parametrize(
    ("number", "language", "origin"),
    [
        ("+8613800000001", "zh", PhoneOrigin("北京市", "中国移动")),
        ("+8613800000001", "en", PhoneOrigin("Beijing", "China Mobile")),
        ("+8645188888888", "zh", PhoneOrigin("黑龙江省哈尔滨市", "")),
        ("+8645188888888", "en", PhoneOrigin("Harbin, Heilongjiang", "")),
        (None, "zh", PhoneOrigin("", "")),
        ("no number", "en", PhoneOrigin("", "")),
    ],
)
def test_where_a_number_comes_from(number: str | None, language: str, origin: PhoneOrigin) -> None:
    assert describe(number, language) == origin


@pytest.mark.parametrize(
    "raw",
    [
        "86261234",
        "8626123",
        "95598",
        "110",
        "10086",
        "8001",
        "0018613920000009",
        "1064812345678",
        "138000000",
        "+4008001234",
    ],
)
def test_a_caller_without_an_e164_form_is_shown_as_it_came(raw: str) -> None:
    assert normalise(raw) is None
    assert caller_number(raw) == raw
    assert caller_number(f" tel:{raw}") == raw


@pytest.mark.usefixtures("harbin")
@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("86261234", "+8645186261234"),
        ("8626-1234", "+8645186261234"),
        ("045186261234", "+8645186261234"),
        ("021-58888888", "+862158888888"),
        ("13800000001", "+8613800000001"),
        ("8626123", "8626123"),
        ("95598", "95598"),
        ("10086", "10086"),
        ("4008001234", "+864008001234"),
        ("8001", "8001"),
    ],
)
def test_the_own_area_code_completes_a_local_number(raw: str, number: str) -> None:
    assert caller_number(raw) == number


@given(st.text(max_size=60))
def test_a_callers_number_is_digits_or_none(raw: str) -> None:
    number = caller_number(raw)

    assert number is None or DIGITS.fullmatch(number)
    assert number is None or caller_number(number) == number
    assert number is None or number.startswith("+") or takes_messages(number) is False


@pytest.mark.parametrize("raw", [None, "", "anonymous", "\u202e13920000009", "8001@evil", "1;x=1", "12", "1" * 21])
def test_a_withheld_number_is_none(raw: str | None) -> None:
    assert caller_number(raw) is None


@pytest.mark.parametrize(
    "pasted",
    [
        "\u202d13920000009\u202c",
        "\u200e13920000009",
        "139\u2060200\u200b00009\ufeff",
        "139\u20112000\u20110009",
        "139\u20132000\u20130009",
        "139\u22122000\u22120009",
        "139\u00a02000\u20090009",
        "(+86)13920000009",
        "\uff08+86\uff0913920000009",
        "(86) 139 2000 0009",
        "（0086）13920000009",
    ],
)
def test_a_pasted_number_is_the_one_it_looks_like(pasted: str) -> None:
    assert typed_number(pasted) == "+8613920000009"


def test_a_number_that_reads_in_another_order_is_refused() -> None:
    assert typed_number("\u202e13920000009") is None


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("0451-88888888-802", "+8645188888888;ext=802"),
        ("0451-88888888转802", "+8645188888888;ext=802"),
        ("0451-88888888 轉 802", "+8645188888888;ext=802"),
        ("(0451)88888888 分机802", "+8645188888888;ext=802"),
        ("+86 451 8888 8888 ext. 802", "+8645188888888;ext=802"),
        ("045188888888x802", "+8645188888888;ext=802"),
        ("045188888888#802", "+8645188888888;ext=802"),
        ("+8645188888888;ext=802", "+8645188888888;ext=802"),
        ("13800000001转1234", "+8613800000001;ext=1234"),
        ("13800000001-2", None),
        ("0451-88888888转", None),
        ("转802", None),
        ("12转802", None),
        ("0451-88888888转8021234", None),
    ],
)
def test_an_extension_stands_behind_its_number(raw: str, number: str | None) -> None:
    assert typed_number(raw) == number


@pytest.mark.parametrize(
    ("number", "spelt"),
    [
        ("+8613800000001", {"13800000001"}),
        ("+8645188888888", {"045188888888", "0451-88888888", "88888888", "45188888888"}),
        ("8001", {"8001"}),
    ],
)
def test_a_number_has_its_usual_spellings(number: str, spelt: set[str]) -> None:
    assert spellings(number) >= {number, *spelt}


@pytest.mark.parametrize(("raw", "number"), [("8001", "8001"), ("95598", "95598"), ("无", None), ("12", None)])
def test_a_typed_number_may_be_short(raw: str, number: str | None) -> None:
    assert any_typed_number(raw) == number
