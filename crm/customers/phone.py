"""Telephone numbers: E.164, or as they came without such a form.

Of the second kind are 95598, an extension, a machine's 13 digits and a local number without an area code.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType

import phonenumbers

from crm.text import without_invisible

LONGEST = 40
"""Characters of a number from outside that are read."""
SPELLING = re.compile(r"(?:tel:|sip:)?(?:\(\+?[0-9]{1,4}\)|\+)?[0-9(][0-9 ().\-/]*", re.ASCII)
AS_IT_CAME = re.compile(r"\+?[0-9]{3,20}", re.ASCII)
LOCAL = re.compile(r"[2-8][0-9]{6,7}", re.ASCII)
"""A landline without its area code."""
MISTYPED_MOBILE = re.compile(r"(?:\+|00)?(?:86)?1(?:[3-9][0-9]{5,8}|[3-9][0-9]{10}|[35-9][0-9]{11})", re.ASCII)
"""A mobile number with digits too few or too many. Machines have 13 digits that begin with 10 or 14."""
SERVICE = re.compile(r"1[0-2][0-9](?:[0-9]{2,3})?|95[0-9]{3,4}", re.ASCII)
EXTENSION = re.compile(
    r"(?P<number>.*[0-9)])\s*(?P<mark>;ext=|-|[,x#]|转|轉|分机|分機|内线|ext\.?)\s*(?P<extension>[0-9]{1,6})",
    re.ASCII | re.IGNORECASE,
)
SPOKEN_MARK = "转"
STORED_MARK = ";ext="
"""Between a number and its extension (RFC 3966)."""


@dataclass(frozen=True)
class Home:
    """Numbering of the service's place; set when a process starts."""

    region: str = "CN"
    area_code: str = ""
    """Completes local numbers, such as 0451; empty: they stay as they came."""


@dataclass(frozen=True)
class PhoneOrigin:
    """Region and carrier of a number, for the agent who answers."""

    region: str
    carrier: str

    def __str__(self) -> str:
        """Both, as far as they are known."""
        return " · ".join(filter(None, (self.region, self.carrier)))


class _Here:
    home = Home()


def home() -> Home:
    """Return the region and area code by which this process reads numbers."""
    return _Here.home


def set_home(here: Home) -> None:
    """Set the region and area code by which this process reads numbers."""
    _Here.home = here


def normalise(raw: str | None, region: str | None = None) -> str | None:
    """Return a number as E.164; None where it has no such form.

    `+86…`, `0086…`, `86…`, a national number and full-width digits give the same. A service number such as 10086 has no
    E.164 form. A local number has one where the own area code is set.
    """
    if raw is None or len(raw) > LONGEST:
        return None
    return _normalised(raw, Home(region or _Here.home.region, _Here.home.area_code))


def caller_number(raw: str | None, region: str | None = None) -> str | None:
    """Return a caller's number as a network gave it.

    It is E.164 where it has such a form, else its digits; None where it is withheld or no number.
    """
    if (number := normalise(raw, region)) is not None:
        return number
    plain = _plain(raw) if raw is not None and len(raw) <= LONGEST else None
    digits = re.sub(r"[ ().\-/]", "", plain) if plain is not None else ""
    return digits if AS_IT_CAME.fullmatch(digits) is not None else None


def typed_number(raw: str, region: str | None = None) -> str | None:
    """Return a typed or pasted number as E.164; else None.

    `;ext=…` stands behind one with an extension. Invisible characters are dropped, typographic dashes are hyphens.
    """
    plain = _cleaned(raw)
    if len(plain) > LONGEST:
        return None
    if (number := normalise(plain, region)) is not None:
        return number
    found = EXTENSION.fullmatch(plain)
    number = normalise(found["number"], region) if found is not None else None
    if found is None or number is None or (found["mark"] == "-" and takes_messages(number)):
        return None
    return f"{number}{STORED_MARK}{found['extension']}"


def any_typed_number(raw: str, region: str | None = None) -> str | None:
    """Return a typed number of any kind; None where it is none.

    It may be an extension, a short number or a machine's.
    """
    return typed_number(raw, region) or caller_number(_cleaned(raw), region)


def is_service_number(number: str) -> bool:
    """Return whether a number is a public service's, such as 110."""
    return SERVICE.fullmatch(number) is not None


def is_mistyped_mobile(number: str) -> bool:
    """Return whether a number is a mobile's of a wrong length."""
    return MISTYPED_MOBILE.fullmatch(number) is not None


def split_extension(number: str) -> tuple[str, str]:
    """Return a number and its extension, which may be empty."""
    base, _, extension = number.partition(STORED_MARK)
    return base, extension


def written(number: str, extension: str = "") -> str:
    """Return a number with its extension as people write it."""
    return f"{number}{SPOKEN_MARK}{extension}" if extension else number


@lru_cache(maxsize=4096)
def _normalised(raw: str, home: Home) -> str | None:
    """Cached: for one call the channel, the flow and the desk ask."""
    plain = _plain(raw)
    if plain is None:
        return None
    if plain.startswith("00"):
        plain = f"+{plain[2:]}"
    local = re.sub(r"[ \-]", "", plain)
    if home.area_code and LOCAL.fullmatch(local) is not None:
        plain = home.area_code + local
    try:
        parsed = phonenumbers.parse(plain, home.region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _plain(raw: str) -> str | None:
    """Return a number without its scheme; None where it has other characters."""
    plain = unicodedata.normalize("NFKC", raw).strip()
    if SPELLING.fullmatch(plain) is None:
        return None
    plain = plain.removeprefix("tel:").removeprefix("sip:")
    return re.sub(r"^\(\+([0-9]{1,4})\)", r"+\1", plain)


def _cleaned(raw: str) -> str:
    plain = unicodedata.normalize("NFKC", without_invisible(raw)).strip()
    return re.sub(r"[\u2010-\u2015\u2212\ufe58]", "-", plain)


def spellings(number: str) -> frozenset[str]:
    """Return usual spellings of a number, such as 0451-88888888 of a landline."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return frozenset({number})
    plain = phonenumbers.national_significant_number(parsed)
    national = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    digits = "".join(one for one in national if one.isdigit())
    found = {number, plain, national, digits}
    if (length := phonenumbers.length_of_geographical_area_code(parsed)) > 0:
        prefix = len(digits) - len(plain)
        found |= {f"{digits[: prefix + length]}-{plain[length:]}", plain[length:]}
    return frozenset(found)


@lru_cache(maxsize=4096)
def takes_messages(number: str) -> bool:
    """Return whether an SMS may reach an E.164 number."""
    parsed = _parsed(number)
    if parsed is None:
        return False
    kind = phonenumbers.number_type(parsed)
    return kind in {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}


@lru_cache(maxsize=4096)
def _parsed(number: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None


@lru_cache(maxsize=4096)
def describe(number: str | None, language: str = "zh") -> PhoneOrigin:
    """Return region and carrier of an E.164 number; empty where unknown."""
    parsed = _parsed(number or "")
    if parsed is None:
        return PhoneOrigin("", "")
    carrier, geocoder = load_origins()
    return PhoneOrigin(geocoder.description_for_number(parsed, language), carrier.name_for_number(parsed, language))


def load_origins() -> tuple[ModuleType, ModuleType]:
    """Load the tables of carriers and regions, which takes half a second."""
    from phonenumbers import carrier, geocoder  # noqa: PLC0415

    return carrier, geocoder
