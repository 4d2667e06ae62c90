"""One line, one number, however it was written; and nothing but digits ever comes out (S12, S15)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.customers.phone import LONGEST, PhoneOrigin, describe, normalise

FULL_WIDTH = str.maketrans("0123456789+-()", "０１２３４５６７８９＋－（）")
E164 = re.compile(r"\+[1-9][0-9]{4,14}", re.ASCII)

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
def test_whatever_comes_in_only_a_number_comes_out(raw: str) -> None:
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
def test_a_short_service_number_is_nobodys_telephone(raw: str) -> None:
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
