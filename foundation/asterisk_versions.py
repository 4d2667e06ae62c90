"""Versions of Asterisk: too old ones are refused, vulnerable ones are logged."""

import re

import structlog

OLDEST = (22, 5, 0)
"""Outbound WebSockets arrived here."""
SAFE = (22, 10, 1)
ADVISORIES = "GHSA-vrfp-mg3q-3959 (ARI reaches SHELL and FILE), GHSA-wcvv-g26m-wx5c (read-only ARI users can write)"

log = structlog.get_logger()


class AsteriskTooOld(Exception):
    """This Asterisk lacks what we need."""


def check(version: str) -> None:
    """Judge a version such as `22.10.1+dfsg`.

    Raises:
        AsteriskTooOld: it is older than we can work with.
    """
    found = parse(version)
    if found < OLDEST:
        raise AsteriskTooOld(f"Asterisk {version} is older than {'.'.join(map(str, OLDEST))}")
    if found < SAFE:
        log.warning("asterisk_vulnerable", version=version, update_to=".".join(map(str, SAFE)), advisories=ADVISORIES)


def parse(version: str) -> tuple[int, int, int]:
    """Return the first three numbers of a version; missing ones are 0."""
    found = re.match(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?", version)
    major, minor, patch = found.groups(default="0") if found is not None else ("0", "0", "0")
    return int(major), int(minor), int(patch)
