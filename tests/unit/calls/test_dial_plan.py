"""S15, S21: no outside string becomes a dial string."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.calls.dial_plan import DialPlan
from ari_app.calls.errors import NumberRefused

PLAN = DialPlan("PJSIP/{number}@trunk", "national", "CN")


@pytest.mark.parametrize(
    ("number_format", "dialled"), [("national", "13800000001"), ("e164", "+8613800000001"), ("digits", "8613800000001")]
)
def test_a_number_takes_its_place_in_the_trunk(number_format: str, dialled: str) -> None:
    plan = DialPlan("PJSIP/{number}@trunk", number_format, "CN")  # type: ignore[arg-type]

    assert plan.endpoint("+8613800000001") == f"PJSIP/{dialled}@trunk"


@pytest.mark.parametrize(
    ("number", "region", "dialled"),
    [
        ("+8645186261234", "CN", "045186261234"),
        ("+861062770334", "CN", "01062770334"),
        ("+8613800000001", "CN", "13800000001"),
        ("+442071838750", "GB", "02071838750"),
        ("+14155552671", "US", "4155552671"),
    ],
)
def test_a_national_number_has_its_prefix_where_the_country_dials_one(number: str, region: str, dialled: str) -> None:
    assert DialPlan("PJSIP/{number}@trunk", "national", region).endpoint(number) == f"PJSIP/{dialled}@trunk"


@pytest.mark.parametrize("number", ["8001", "95598", "86261234", "1064812345678"])
def test_a_number_without_an_e164_form_is_not_dialled(number: str) -> None:
    with pytest.raises(NumberRefused):
        PLAN.endpoint(number)


@pytest.mark.parametrize(
    "number",
    [
        "123&PJSIP/trunk/900",
        "123@evil.com",
        "sip:x@evil",
        "123;transport=tcp",
        "Local/1@internal",
        "123,30,U(x)",
        "+1 (900)",
        "+８６13800000001",
        "١٣٨٠٠٠٠٠٠٠١",
        "13800000001\n",
        "",
    ],
)
def test_s15_a_dial_string_in_disguise_is_refused(number: str) -> None:
    with pytest.raises(NumberRefused):
        PLAN.endpoint(number)


@pytest.mark.parametrize(
    "number", ["+881612345678", "+97912345678", "+19005550100", "+442071838750", "110", "119", "120", "0044207183"]
)
def test_s21_costly_foreign_and_emergency_numbers_are_refused(number: str) -> None:
    with pytest.raises(NumberRefused) as refused:
        PLAN.endpoint(number)

    assert [problem.field for problem in refused.value.errors] == ["number"]


@given(st.text(max_size=30))
def test_s15_every_dialled_number_is_digits(number: str) -> None:
    try:
        dialled = PLAN.endpoint(number)
    except NumberRefused:
        return
    assert dialled.removeprefix("PJSIP/").removesuffix("@trunk").isdigit()
