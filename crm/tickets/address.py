"""Addresses as they are compared: the same place however it was written."""

import re
import unicodedata

_NUMERALS = {numeral: value for value, numeral in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_MULTIPLES = {"十": 10, "百": 100}
_UNITS = r"号楼|单元|小区|栋|幢|座|号|室|户|层|楼|房"
_SPOKEN_NUMBER = re.compile(rf"[{''.join(_NUMERALS)}十百]+(?={_UNITS}|$)")
_SEPARATORS = re.compile(rf"(?:{_UNITS}|[\s,.，。、;；:：#\-_/()（）])+")


def address_key(address: str) -> str:
    """What two writings of one address have in common; empty where there is none.

    >>> address_key("幸福路12号3单元402") == address_key("幸福路 １２ 号 三单元 402 室")
    True
    >>> address_key("人民路十二号二十楼") == address_key("人民路12-20")
    True
    """
    plain = unicodedata.normalize("NFKC", address).casefold()
    plain = re.sub(r"\s+", "", plain)
    plain = _SPOKEN_NUMBER.sub(lambda match: _digits(match[0]), plain)
    return _SEPARATORS.sub("-", plain).strip("-")


def _digits(spoken: str) -> str:
    """A number in characters as digits: 四零二 is read digit by digit, 十二 and 一百零二 are counted."""
    if not any(multiple in spoken for multiple in _MULTIPLES):
        return "".join(str(_NUMERALS[numeral]) for numeral in spoken)
    total, pending = 0, 0
    for character in spoken:
        if character in _MULTIPLES:
            total += (pending or 1) * _MULTIPLES[character]
            pending = 0
        else:
            pending = _NUMERALS[character]
    return str(total + pending)
