"""Operators' recorded files: found and checked in a folder of call flows."""

import difflib
import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from foundation.findings import Finding, Severity
from ivr.recorded_sound import UnusableSound, read_sound

FOLDER = "recorded"
SUFFIXES = (".wav", ".flac", ".mp3", ".ogg")
CONVERSION = 1
"""Number of the conversion: another one makes other files."""

Fault = tuple[str, str, Severity]
"""Rule, text and severity."""
Recorded = Mapping[str, Mapping[str, Path]]
"""Files by language and prompt."""


def converted_file(original: Path, cache: Path) -> Path:
    """Return the place of a file's conversion, made or not.

    Raises:
        OSError: the original cannot be read.
    """
    with original.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    return cache / f"recorded-{CONVERSION}-{digest.hexdigest()}.wav"


def was_converted(original: Path, cache: Path) -> bool:
    """Tell whether a file was converted before."""
    try:
        return converted_file(original, cache).exists()
    except OSError:
        return False


def find_recorded(
    folder: Path, names: Mapping[str, set[str]], is_known: Callable[[Path], bool] = lambda _: False
) -> tuple[dict[str, dict[str, Path]], list[Finding]]:
    """Return a folder's recorded files, and their faults.

    Args:
        names: the prompts of each language that have a text.
        is_known: tells that a file was converted before, so that its sound needs no check.
    """
    recorded: dict[str, dict[str, Path]] = {language: {} for language in names}
    findings: list[Finding] = []
    root = folder / FOLDER
    for path in sorted(root.rglob("*")):
        if path.name.startswith(".") or not path.is_file():
            continue
        place, language = path.relative_to(folder).as_posix(), path.parent.name
        found = _misplaced(path, root, names) or _unwanted(path, names[language], recorded[language])
        if found is not None:
            findings.append(_finding(place, found))
            continue
        recorded[language][path.stem] = path
        if not is_known(path):
            findings += (_finding(place, fault) for fault in _sound(path))
    return recorded, findings


def _finding(place: str, fault: Fault) -> Finding:
    return Finding(place, 1, *fault)


def _misplaced(path: Path, root: Path, names: Mapping[str, set[str]]) -> Fault | None:
    if path.parent.parent == root and path.parent.name in names:
        return None
    places = " or ".join(f"{FOLDER}/{language}/" for language in names)
    return "never-used", f"it is not used: recorded files are directly in {places}", Severity.ERROR


def _unwanted(path: Path, names: set[str], others: Mapping[str, Path]) -> Fault | None:
    """Say why a file is not a prompt's only recording."""
    language = path.parent.name
    if path.suffix.lower() not in SUFFIXES:
        severity = Severity.ERROR if path.stem in names else Severity.WARNING
        return "never-used", f"it is not used: recorded files end in {', '.join(SUFFIXES)}", severity
    if path.stem not in names:
        near = difflib.get_close_matches(path.stem, names, 1)
        hint = f"; is it {near[0]}?" if near else ""
        reason = "its text is spoken where the file cannot be"
        return (
            "no-such-prompt",
            f"there is no prompt {path.stem} in prompts/{language}.yaml, {reason}{hint}",
            Severity.ERROR,
        )
    if path.stem in others:
        return "taken-name", f"{others[path.stem].name} is a recorded file of the same prompt", Severity.ERROR
    return None


def _sound(path: Path) -> Iterator[Fault]:
    try:
        remarks = read_sound(path).remarks
    except UnusableSound as error:
        yield "unusable-sound", str(error), Severity.ERROR
        return
    for remark in remarks:
        yield "poor-sound", remark, Severity.WARNING
