"""The apostrophe that keeps a spreadsheet from taking a text for a formula (S13): put on in writing, off in reading."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def guarded(text: str) -> str:
    """A text that a spreadsheet shows and never carries out."""
    return f"'{text}" if _needs_guard(text) else text


def unguarded(text: str) -> str:
    """The text that was guarded; one that needs no guard is as it is."""
    return text[1:] if text.startswith("'") and _needs_guard(text) else text


def _needs_guard(text: str) -> bool:
    # One that has apostrophes of its own gets another, so that what is read again is what was written.
    return text.lstrip("'").startswith(_FORMULA)
