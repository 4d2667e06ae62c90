"""Spoken values in Chinese and English."""

from typing import Any

import pytest

from ivr.wording import LONGEST_FIELD, fields, fill, stray_braces

# 2026-11-23 15:30 in Shanghai
AFTERNOON_MS = 1_795_419_000_000


@pytest.mark.parametrize(
    ("form", "value", "zh", "en"),
    [
        ("digits", "2611230042", "二六幺幺，二三零零，四二", "2 6 1 1, 2 3 0 0, 4 2"),
        ("digits", 95598, "九五五九，八", "9 5 5 9, 8"),
        ("digits", "+86 10-1234", "八六幺零，幺二三四", "8 6 1 0, 1 2 3 4"),
        ("money", 12345, "123元4角5分", "123 yuan 45 cents"),
        ("money", 12300, "123元", "123 yuan"),
        ("money", 12340, "123元4角", "123 yuan 40 cents"),
        ("money", 12305, "123元零5分", "123 yuan 5 cents"),
        ("money", 50, "5角", "50 cents"),
        ("money", 5, "5分", "5 cents"),
        ("money", 0, "0元", "0 yuan"),
        ("money", -100, "负1元", "minus 1 yuan"),
        ("money", "much", "much", "much"),
        ("date", "2026-11-23", "二零二六年11月23日", "November 23, 2026"),
        ("date", AFTERNOON_MS, "二零二六年11月23日", "November 23, 2026"),
        ("date", "2026-11-22T20:00:00+00:00", "二零二六年11月23日", "November 23, 2026"),
        ("date", "tomorrow", "tomorrow", "tomorrow"),
        ("time", AFTERNOON_MS, "下午3点30分", "3 30 p.m."),
        ("time", "2026-11-23T08:00", "上午8点整", "8 a.m."),
        ("time", "2026-11-23T00:05", "凌晨0点5分", "12 05 a.m."),
        ("time", "2026-11-23T12:00", "中午12点整", "12 p.m."),
        ("number", 10, "10", "10"),
        ("text", "暖气不热", "暖气不热", "暖气不热"),
    ],
)
def test_a_value_is_spoken(form: str, value: Any, zh: str, en: str) -> None:
    text = f"<{{a.b:{form}}}>"
    assert fill(text, "zh", {"a": {"b": value}}) == f"<{zh}>"
    assert fill(text, "en", {"a": {"b": value}}) == f"<{en}>"


@pytest.mark.parametrize(
    ("value", "spoken"),
    [
        ("[[h@'loU]] there", "h 'loU there"),
        ("<speak><break time='9s'/></speak>", "speak break time '9s' speak"),
        ("$(id) `id` ; rm -rf", "id id ; rm -rf"),
        ("line\none\x00\x1b[31m", "line one 31m"),
        ("{ticket.id}", "ticket.id"),
        ("x" * 500, "x" * LONGEST_FIELD),
        ("\u202eevil", "evil"),
    ],
)
def test_words_from_outside_carry_no_markup(value: str, spoken: str) -> None:
    assert fill("{a.b}", "zh", {"a": {"b": value}}) == spoken


def test_a_variable_that_is_not_set_is_left_out() -> None:
    assert fill("a {x.y} b", "zh", {}) == "a  b"


def test_fields_and_stray_braces() -> None:
    assert fields("{a.b:digits} and {c.d}") == [("a.b", "digits"), ("c.d", "text")]
    assert not stray_braces("{a.b:digits}")
    assert stray_braces("{a}")
    assert stray_braces("{a.b.__class__!r}")
