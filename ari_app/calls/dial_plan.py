"""Dial strings: made here only, and only from digits (S15, S21)."""

import re
from dataclasses import dataclass
from typing import Literal

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from ari_app.calls.errors import NumberRefused
from foundation.problems import FieldProblem

DIALLED_NUMBER = "{number}"
DIALLABLE = re.compile(r"\+?[0-9]{3,15}", re.ASCII)
REFUSED_TYPES = frozenset({PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.UAN})


@dataclass(frozen=True)
class DialPlan:
    """Dialling rules for numbers outside the house.

    `trunk` is an operator's setting such as `PJSIP/{number}@trunk`. The number comes from a customer's record; it takes
    the place of {number} only after a check that it is digits.
    """

    trunk: str
    number_format: Literal["e164", "digits", "national"]
    region: str

    def endpoint(self, number: str) -> str:
        """Return the dial string for an E.164 number.

        Raises:
            NumberRefused: it is not a valid number of the own country, or is one that costs extra.
        """
        digits = self._formatted(self._allowed(number))
        if DIALLABLE.fullmatch(digits) is None:
            raise _refused("must be 3 to 15 digits, with at most a leading +")
        return self.trunk.replace(DIALLED_NUMBER, digits)

    def _allowed(self, number: str) -> phonenumbers.PhoneNumber:
        if DIALLABLE.fullmatch(number) is None:
            raise _refused("must be 3 to 15 digits, with at most a leading +")
        try:
            parsed = phonenumbers.parse(number, self.region)
        except phonenumbers.NumberParseException as error:
            raise _refused("must be a telephone number") from error
        if parsed.country_code != phonenumbers.country_code_for_region(self.region):
            raise _refused(f"must be a number in {self.region}; calls abroad are closed")
        if not phonenumbers.is_valid_number(parsed) or phonenumbers.number_type(parsed) in REFUSED_TYPES:
            raise _refused("must be an ordinary number: emergency, short and premium numbers are not called")
        return parsed

    def _formatted(self, parsed: phonenumbers.PhoneNumber) -> str:
        if self.number_format == "national":
            # With the national prefix where the country dials one: 045188888888, but 13800000001.
            national = phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
            return "".join(one for one in national if one.isdigit())
        e164 = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
        return e164 if self.number_format == "e164" else e164.removeprefix("+")


def _refused(rule: str) -> NumberRefused:
    return NumberRefused("the number is not dialled", [FieldProblem(field="number", rule=rule)])
