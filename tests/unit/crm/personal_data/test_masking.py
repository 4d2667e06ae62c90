"""Masks of personal data (S29)."""

from typing import Annotated

import pytest
from pydantic import BaseModel

from crm.personal_data.fields import Personal, PersonalNumber, shown
from crm.personal_data.masking import mask_address, mask_name, mask_number, mask_numbers_in
from crm.personal_data.serializer import masked as hidden
from foundation.routes import Role


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("+8613800001234", "138****1234"),
        ("13800001234", "138****1234"),
        ("+861087654321", "108****4321"),
        ("+441234567890", "441****7890"),
        ("87654321", "8****21"),
        ("110", "***"),
        ("", ""),
    ],
)
def test_numbers(number: str, masked: str) -> None:
    assert mask_number(number) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("请打13800001234谢谢", "请打138****1234谢谢"),
        ("+86 138-0000-1234 or 0086 138 0000 1234", "138****1234 or 138****1234"),
        ("１３８００００１２３４", "１３８****１２３４"),
        ("010-87654321, 0571 87654321", "010****4321, 057****4321"),
        ("身份证11010119900307123X", "身份证110****7123"),
        ("+441234567890", "441****7890"),
    ],
)
def test_numbers_that_people_wrote_into_a_text(text: str, masked: str) -> None:
    assert mask_numbers_in(text) == masked


@pytest.mark.parametrize(
    "text", ["工单2611230001", "2026-11-23 10:30", "幸福路12号3单元402", "1380000000112345678", ""]
)
def test_other_digits_stay(text: str) -> None:
    assert mask_numbers_in(text) == text


def test_names_and_addresses() -> None:
    assert [mask_name(name) for name in ("王秀英", "李", "John Smith", "")] == ["王**", "李*", "J***", ""]
    assert mask_address("幸福路12号3单元402") == "幸福路12号****"
    assert mask_address("建设街8号") == "建设街8号"
    assert mask_address("万科城市花园二期") == "万科城市****"
    assert mask_address("") == ""


def test_mark_of_a_part_of_a_union_masks_the_field() -> None:
    class View(BaseModel):
        number: PersonalNumber | None
        also: Annotated[str | None, Personal.NUMBER]

    seen = hidden(View(number="+8613800000001", also="+8613800000002"), Role.QUALITY)
    assert "0000001" not in seen.number
    assert "0000002" not in seen.also
    assert hidden(View(number=None, also=None), Role.QUALITY) == View(number=None, also=None)


def test_a_log_entry_shows_in_full_what_the_role_sees_on_the_ticket() -> None:
    detail = {"before": {"address": "光明路12号3单元"}, "reason": "回拨13800000001"}
    for role, address in ((Role.DEPARTMENT, "光明路12号3单元"), (Role.QUALITY, "光明路12号****")):
        seen = shown(detail, Personal.TEXT, role)
        assert seen == {"before": {"address": address}, "reason": "回拨138****0001"}
