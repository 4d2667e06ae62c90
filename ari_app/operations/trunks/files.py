"""Trunks in the operator's own Asterisk files."""

import re
from dataclasses import dataclass
from pathlib import Path

from dev.asterisk import SITE_FOLDERS

PJSIP = SITE_FOLDERS[0]
SECTION = re.compile(r"^\[(?P<name>[^\]]+)\](?:\((?P<templates>[^)]*)\))?", re.MULTILINE)
TYPE = re.compile(r"^\s*type\s*=>?\s*(?P<type>[a-z]+)", re.MULTILINE)
TEMPLATE = "trunk"


@dataclass(frozen=True)
class WrittenTrunk:
    """Endpoint that a file describes."""

    name: str
    file: Path
    registrations: tuple[str, ...]
    """Names of the file's registrations at a carrier."""


def written_trunks(site: Path) -> list[WrittenTrunk]:
    """Return the endpoints of `pjsip.d`, templates left out."""
    return [trunk for file in sorted((site / PJSIP).glob("*.conf")) for trunk in _trunks_of(file)]


def _trunks_of(file: Path) -> list[WrittenTrunk]:
    text = "\n".join(line.partition(";")[0] for line in file.read_text(encoding="utf-8").splitlines())
    found = list(SECTION.finditer(text))
    ends = [one.start() for one in found[1:]] + [len(text)]
    endpoints, registrations = [], []
    for section, end in zip(found, ends, strict=True):
        templates = [one.strip() for one in (section["templates"] or "").split(",")]
        kind = TYPE.search(text, section.end(), end)
        if "!" in templates or "+" in templates:
            continue
        if TEMPLATE in templates or (kind is not None and kind["type"] == "endpoint"):
            endpoints.append(section["name"])
        elif kind is not None and kind["type"] == "registration":
            registrations.append(section["name"])
    return [WrittenTrunk(name, file, tuple(registrations)) for name in endpoints]
