"""Masks of personal data for roles that do not see it (S29)."""

import re

_DIGIT = "[0-9０-９]"
_GAP = r"[ \-]?"
_NUMBER = re.compile(
    rf"""(?<![0-9０-９A-Za-z])(?:
        (?:(?:\+|00)?86{_GAP})?[1１][3-9３-９]{_DIGIT}(?:{_GAP}{_DIGIT}{{4}}){{2}}  # a mobile number
        | (?:(?:\+|00)86{_GAP}|[0０])[1-9１-９]{_DIGIT}{{1,2}}{_GAP}{_DIGIT}{{7,8}}      # a landline with its area code
        | \+[1-9]{_DIGIT}{{6,14}}                                              # anything in E.164
        | [1-9１-９]{_DIGIT}{{16}}[0-9０-９Xx]                                   # an identity card
    )(?![0-9０-９])""",
    re.VERBOSE,
)
_MASKED_NUMBER = re.compile(r"(?<![0-9*])(?:[0-9]{3}\*{4}[0-9]{4}|[0-9]\*{4}[0-9]{2})(?![0-9*])")
_MASKED_NAME = re.compile(r".\*{1,3}", re.DOTALL)
_MASKED_END = "****"
_HOUSE = re.compile(r"^(.*?[0-9０-９]+\s*号(?:楼|院)?).+$")


def mask_number(number: str) -> str:
    """Mask a telephone number but for its ends: `138****1234`."""
    digits = "".join(character for character in number if character.isdigit())
    if number.strip().startswith(("+86", "0086")):
        digits = digits.removeprefix("00").removeprefix("86")
    if len(digits) < 7:
        return "*" * len(digits)
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) > 8 else f"{digits[:1]}****{digits[-2:]}"


def mask_numbers_in(text: str) -> str:
    """Mask the telephone and identity numbers in a text."""
    return _NUMBER.sub(lambda found: mask_number(found[0]), text)


def mask_name(name: str) -> str:
    """Mask a name but for its first character: 王**, J***."""
    return f"{name[0]}{'*' * min(3, max(1, len(name) - 1))}" if name else ""


def mask_address(address: str) -> str:
    """Mask an address after the house number: 幸福路12号****.

    Without a house number its second half is masked.
    """
    if (house := _HOUSE.match(address)) is not None:
        return f"{house[1]}{_MASKED_END}"
    return address if address.endswith("号") or not address else f"{address[: (len(address) + 1) // 2]}{_MASKED_END}"


def is_masked_name(name: str) -> bool:
    """Return whether a name is a mask such as 王**."""
    return _MASKED_NAME.fullmatch(name) is not None


def is_masked_address(address: str) -> bool:
    """Return whether an address is a mask such as 幸福路12号****."""
    return _MASKED_END in address


def has_masked_number(text: str) -> bool:
    """Return whether a text holds a masked number such as 138****1234."""
    return _MASKED_NUMBER.search(text) is not None
