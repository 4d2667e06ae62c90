"""Personal data as those may see it who need not know it all (S29)."""

import re

_DIGIT = "[0-9０-９]"
_GAP = r"[ \-]?"
_NUMBER = re.compile(
    rf"""(?<![0-9０-９A-Za-z])(?:
        (?:(?:\+|00)?86{_GAP})?[1１][3-9３-９]{_DIGIT}(?:{_GAP}{_DIGIT}{{4}}){{2}}  # a mobile number
        | (?:(?:\+|00)86{_GAP}|[0０])[1-9１-９]{_DIGIT}{{1,2}}{_GAP}{_DIGIT}{{7,8}}      # a line with its area code
        | \+[1-9]{_DIGIT}{{6,14}}                                              # anything in E.164
        | [1-9１-９]{_DIGIT}{{16}}[0-9０-９Xx]                                   # an identity card
    )(?![0-9０-９])""",
    re.VERBOSE,
)
_HOUSE = re.compile(r"^(.*?[0-9０-９]+\s*号(?:楼|院)?).+$")


def mask_number(number: str) -> str:
    """A telephone number of which one who knows it recognises the ends: `138****1234`."""
    digits = "".join(character for character in number if character.isdigit())
    if number.strip().startswith(("+86", "0086")):
        digits = digits.removeprefix("00").removeprefix("86")
    if len(digits) < 7:
        return "*" * len(digits)
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) > 8 else f"{digits[:1]}****{digits[-2:]}"


def mask_numbers_in(text: str) -> str:
    """A text without the whole telephone and identity numbers that people wrote into it."""
    return _NUMBER.sub(lambda found: mask_number(found[0]), text)


def mask_name(name: str) -> str:
    """A name of which the first character is left: 王**, J***."""
    return f"{name[0]}{'*' * min(3, max(1, len(name) - 1))}" if name else ""


def mask_address(address: str) -> str:
    """An address as far as the house: 幸福路12号****. One without a house's number keeps its first half."""
    if (house := _HOUSE.match(address)) is not None:
        return f"{house[1]}****"
    return address if address.endswith("号") or not address else f"{address[: (len(address) + 1) // 2]}****"
