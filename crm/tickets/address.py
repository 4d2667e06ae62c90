"""Addresses as they are compared: the same place however it was written."""

import re
import unicodedata

_NUMERALS = {numeral: str(value) for value, numeral in enumerate("零一二三四五六七八九")}
_UNITS = r"号楼|单元|小区|栋|幢|座|号|室|户|层|楼|房"
_SPOKEN_NUMBER = re.compile(rf"[零一二三四五六七八九]+(?={_UNITS}|$)")
_SEPARATORS = re.compile(rf"(?:{_UNITS}|[\s,.，。、;；:：#\-_/()（）])+")


def address_key(address: str) -> str:
    """What two writings of one address have in common; empty where there is none.

    >>> address_key("幸福路12号3单元402") == address_key("幸福路 １２ 号 三单元 402 室")
    True
    """
    plain = unicodedata.normalize("NFKC", address).casefold()
    plain = re.sub(r"\s+", "", plain)
    plain = _SPOKEN_NUMBER.sub(lambda match: "".join(_NUMERALS[numeral] for numeral in match[0]), plain)
    return _SEPARATORS.sub("-", plain).strip("-")
