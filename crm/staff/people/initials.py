"""Initials of Chinese names, for finding a colleague by pinyin.

The 3,755 usual characters of GB 2312 are sorted by their reading, so that their code gives the first letter. Surnames
that are read otherwise, and rarer characters of names, stand here.
"""

import re
from bisect import bisect_right

_FIRST = (
    (0xB0A1, "a"), (0xB0C5, "b"), (0xB2C1, "c"), (0xB4EE, "d"), (0xB6EA, "e"), (0xB7A2, "f"), (0xB8C1, "g"),
    (0xB9FE, "h"), (0xBBF7, "j"), (0xBFA6, "k"), (0xC0AC, "l"), (0xC2E8, "m"), (0xC4C3, "n"), (0xC5B6, "o"),
    (0xC5BE, "p"), (0xC6DA, "q"), (0xC8BB, "r"), (0xC8F6, "s"), (0xCBFA, "t"), (0xCDDA, "w"), (0xCEF4, "x"),
    (0xD1B9, "y"), (0xD4D1, "z"),
)  # fmt: skip
"""Code of the first character of each letter."""
_LAST = 0xD7F9
_SYLLABLE = "h?[aeiouvü]{0,3}(?:ng?|r)?"
"""What may follow the first letter of a syllable, also half typed."""
_CODES = [code for code, _ in _FIRST]
_SURNAMES = {
    "曾": "z", "单": "s", "解": "x", "仇": "q", "查": "z", "覃": "q", "区": "o", "朴": "p", "翟": "z", "冼": "x",
    "乐": "y", "种": "c", "缪": "m", "折": "s", "召": "s", "秘": "b", "繁": "p",
}  # fmt: skip
"""Surnames that are read otherwise than the same character elsewhere."""
_RARE = {
    "a": "瑷",
    "b": "邴缤骠",
    "c": "褚琛岑晁骢宸",
    "d": "邸窦",
    "f": "酆",
    "g": "郜珙",
    "h": "郇晗颢灏珩昊",
    "j": "郏隽璟瑾婧菁珏",
    "k": "邝阚蒯恺珂",
    "l": "郦璐珞蔺俪逯",
    "m": "淼旻",
    "n": "楠",
    "p": "邳逄",
    "q": "郄琪琦祺麒绮颀",
    "r": "芮睿",
    "s": "佘嵩昇淞姝",
    "t": "郯佟滕婷",
    "w": "邬玟雯玮炜",
    "x": "奚鑫昕馨萱煊曦琇",
    "y": "郓鄢闫钰妍煜奕懿昱熠滢媛",
    "z": "郅臧禚钊祯",
}
_RARE_LETTERS = {character: letter for letter, characters in _RARE.items() for character in characters}


def initials(name: str) -> str:
    """Return a name's first letters: `zxm` for 张小明.

    A character of unknown reading is left out.
    """
    found = []
    for word in name.split():
        if word.isascii():
            found.append(word[0].lower() if word[0].isalnum() else "")
        else:
            found += [_SURNAMES.get(word[0]) or _letter(word[0]), *map(_letter, word[1:])]
    return "".join(found)


def reads_like(name: str, typed: str) -> bool:
    """Tell whether pinyin fits a name: initials, syllables, or both.

    Of a syllable the first letter is compared, and that the rest can be one: a short list may hold a few names more.
    """
    letters = initials(name)
    if not letters:
        return False
    pattern = ""
    for letter in reversed(letters):
        pattern = f"{letter}{_SYLLABLE}(?:{pattern})?" if pattern else f"{letter}{_SYLLABLE}"
    return re.fullmatch(pattern, typed.replace(" ", "").casefold()) is not None


def _letter(character: str) -> str:
    if character in _RARE_LETTERS:
        return _RARE_LETTERS[character]
    try:
        code = int.from_bytes(character.encode("gb2312"), "big")
    except UnicodeEncodeError:
        return ""
    return _FIRST[bisect_right(_CODES, code) - 1][1] if _CODES[0] <= code <= _LAST else ""
