"""Dial strings: made here only, and only from digits (S15, S21)."""

import re
from dataclasses import dataclass, field
from typing import Literal

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat

from ari_app.calls.errors import NumberClassClosed, NumberRefused
from ari_app.calls.tolls import NumberClass, Place, Purpose, TollRules
from foundation.problems import FieldProblem

DIALLED_NUMBER = "{number}"
DIALLABLE = re.compile(r"\+?[0-9]{3,15}", re.ASCII)


@dataclass(frozen=True)
class DialPlan:
    """Dialling rules for numbers outside the house.

    `trunk` is an operator's setting such as `PJSIP/{number}@trunk`. The number comes from a person or a record; it
    takes the place of {number} only after a check that it is digits, and that its cost class is open.
    """

    trunk: str
    number_format: Literal["e164", "digits", "national"]
    region: str
    rules: TollRules = field(default_factory=TollRules)
    area_code: str = ""

    def endpoint(self, number: str, purpose: Purpose = Purpose.SERVICE) -> str:
        """Return a number's dial string: E.164, or an opened short number.

        Raises:
            NumberRefused: it is not a valid number.
            NumberClassClosed: its cost class is not open for the purpose.
        """
        digits = number if number in self.rules.opened else self._formatted(self._allowed(number, purpose))
        if DIALLABLE.fullmatch(digits) is None:
            raise _refused("must be 3 to 15 digits, with at most a leading +")
        return self.trunk.replace(DIALLED_NUMBER, digits)

    def _allowed(self, number: str, purpose: Purpose) -> PhoneNumber:
        if DIALLABLE.fullmatch(number) is None:
            raise _refused("must be 3 to 15 digits, with at most a leading +")
        try:
            parsed = phonenumbers.parse(number, self.region)
        except phonenumbers.NumberParseException as error:
            raise _refused("must be a telephone number") from error
        if not phonenumbers.is_valid_number(parsed):
            raise _refused(ORDINARY)
        whole = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
        if whole.startswith(self.rules.closed):
            raise NumberClassClosed("the number is not dialled", [FieldProblem(field="number", rule=CLOSED_BEGINNING)])
        number_class = Place(self.region, self.area_code).number_class(parsed)
        if number_class not in self.rules.opens(purpose):
            raise class_closed(number_class)
        return parsed

    def is_foreign(self, typed: str) -> bool:
        """Tell whether a typed number begins as a foreign one."""
        digits = re.sub(r"[ ()\-]", "", typed)
        international = re.match(r"(?:\+|00)(?=[1-9])", digits)
        home = str(phonenumbers.country_code_for_region(self.region))
        return international is not None and not digits[international.end() :].startswith(home)

    def _formatted(self, parsed: PhoneNumber) -> str:
        is_foreign = parsed.country_code != phonenumbers.country_code_for_region(self.region)
        if self.number_format == "national" and is_foreign:
            return _digits(phonenumbers.format_out_of_country_calling_number(parsed, self.region))
        if self.number_format == "national":
            # With the national prefix where the country dials one: 045188888888, but 13800000001.
            return _digits(phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL))
        e164 = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
        return e164 if self.number_format == "e164" else e164.removeprefix("+")


ORDINARY = "must be an ordinary number: emergency, short and premium numbers are not called"
CLOSED_BEGINNING = "must not begin as a number of `closed` in outside.yaml"


def class_closed(number_class: NumberClass) -> NumberClassClosed:
    """Return the refusal of a number of a closed class."""
    rule = f"must not be a {number_class.value} number: these are closed"
    return NumberClassClosed("the number is not dialled", [FieldProblem(field="number", rule=rule)])


def _digits(written: str) -> str:
    return "".join(one for one in written if one in "0123456789")


def _refused(rule: str) -> NumberRefused:
    return NumberRefused("the number is not dialled", [FieldProblem(field="number", rule=rule)])
