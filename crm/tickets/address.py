"""Addresses in the form in which they are compared."""

import re
import unicodedata

from crm.traditional_characters import simplified

LEAST_NAME = 2
"""Letters that a key needs to name a place; fewer may end any address."""
_NUMERALS = {numeral: value for value, numeral in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_MULTIPLES = {"十": 10, "百": 100}
_UNITS = r"号楼|单元|小区|栋|幢|座|号|室|户|层|楼|房"
_SPOKEN_NUMBER = re.compile(rf"[{''.join(_NUMERALS)}十百]+(?={_UNITS}|$)")
_SEPARATORS = re.compile(rf"(?:{_UNITS}|[\s,.，。、;；:：#\-_/()（）])+")
_HAN = r"[\u4e00-\u9fff]"
_REGION = re.compile(rf"(?:{_HAN}{{2,7}}?(?:省|自治区))?(?:{_HAN}{{2,6}}?(?<![超夜菜集门])市(?!场))?")
_DISTRICT = re.compile(rf"{_HAN}{{2,8}}?(?<![小社园校厂库住生活家属一二三四五六七八九十])区")
_ROAD = re.compile(rf"{_HAN}{{1,12}}?(?:路|街|道|巷|弄|胡同)(?!办)")
_FLOOR_BEFORE_ROOM = (
    # 层 is a floor everywhere; 楼 may be a building, but not where one or its unit was named before.
    re.compile(r"(?<!\d)([1-9]\d?)层[\s,，\-]*(?=\1\d{2}(?!\d))"),
    re.compile(r"(?<=\d)(\D+)([1-9]\d?)楼[\s,，\-]*(?=\2\d{2}(?!\d))"),
)


def address_key(address: str) -> str:
    """Return the key that all writings of one address share.

    An empty address has an empty key. The floor of a room that is numbered by its floor is left out (2单元5楼501), and
    so are the province and the city. The district is left out before a road: within a city, no two roads share a name,
    but housing estates do. The county stays: each county of a city may have a road of that name.

    >>> address_key("幸福路12号3单元402") == address_key("哈尔滨市道里区幸福路 １２ 號 三单元4楼402 室")
    True
    >>> address_key("人民路十二号二十楼") == address_key("人民路12-20")
    True
    """
    plain = simplified(unicodedata.normalize("NFKC", address).casefold())
    plain = re.sub(r"\s+", "", plain)
    plain = _SPOKEN_NUMBER.sub(lambda match: _digits(match[0]), _without_region(plain))
    plain = _FLOOR_BEFORE_ROOM[0].sub("", plain)
    plain = _FLOOR_BEFORE_ROOM[1].sub(r"\1", plain)
    return _SEPARATORS.sub("-", plain).strip("-")


def address_tail(key: str) -> str:
    """Return the shortest end with a name and a number, if any.

    Two keys of one place, of which one is written with more before it, share their tail: an index finds both.

    >>> address_tail("道里-幸福路12-3-402")
    '福路12-3-402'
    >>> address_tail("12-3-402")
    ''
    """
    letters, digit = 0, False
    for start in range(len(key) - 1, -1, -1):
        letters += key[start].isalpha()
        digit = digit or key[start].isdigit()
        if digit and letters >= LEAST_NAME:
            return key[start:]
    return ""


def _without_region(plain: str) -> str:
    """Remove province and city, and the district where a road follows."""
    rest = _REGION.sub("", plain, count=1)
    district = _DISTRICT.match(rest)
    if district is not None and _ROAD.match(rest[district.end() :]):
        return rest[district.end() :]
    if rest != plain and (district is not None or _ROAD.match(rest)):
        return rest
    return plain


def _digits(spoken: str) -> str:
    """Convert a number in characters to digits.

    四零二 is read digit by digit, 十二 and 一百零二 are counted.
    """
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
