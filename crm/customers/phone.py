"""Telephone numbers in E.164, through phonenumbers, whatever a network, a keyboard or a spreadsheet made of them."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType

import phonenumbers

LONGEST = 40
"""Characters of an outside string that are looked at; no number needs more."""
SPELLING = re.compile(r"(?:tel:|sip:)?\+?[0-9(][0-9 ().\-/]*", re.ASCII)


@dataclass(frozen=True)
class PhoneOrigin:
    """Where a number comes from, for the person who answers."""

    region: str
    carrier: str


def normalise(raw: str | None, region: str = "CN") -> str | None:
    """A number as E.164; None where it is withheld or no telephone number.

    `+86…`, `0086…`, `86…`, a national number and full-width digits of the same line come out the same. A service number
    such as 10086 or 110 is nobody's telephone: it has no E.164 form, and is None.
    """
    return None if raw is None or len(raw) > LONGEST else _normalised(raw, region)


@lru_cache(maxsize=4096)
def _normalised(raw: str, region: str) -> str | None:
    """One call asks several times: the channel, the flow, the desk."""
    plain = unicodedata.normalize("NFKC", raw).strip()
    if SPELLING.fullmatch(plain) is None:
        return None
    plain = plain.removeprefix("tel:").removeprefix("sip:")
    if plain.startswith("00"):
        plain = f"+{plain[2:]}"
    try:
        parsed = phonenumbers.parse(plain, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=4096)
def takes_messages(number: str) -> bool:
    """Whether an SMS can reach an E.164 number: a mobile, or what may be one where the numbers do not tell."""
    try:
        kind = phonenumbers.number_type(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False
    return kind in {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}


@lru_cache(maxsize=4096)
def describe(number: str | None, language: str = "zh") -> PhoneOrigin:
    """Region and carrier of an E.164 number, in `zh` or `en`; empty where unknown."""
    try:
        parsed = phonenumbers.parse(number or "")
    except phonenumbers.NumberParseException:
        return PhoneOrigin("", "")
    carrier, geocoder = load_origins()
    return PhoneOrigin(geocoder.description_for_number(parsed, language), carrier.name_for_number(parsed, language))


def load_origins() -> tuple[ModuleType, ModuleType]:
    """The tables of carriers and regions: half a second of reading, done once a process serves."""
    from phonenumbers import carrier, geocoder  # noqa: PLC0415

    return carrier, geocoder
