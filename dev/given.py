"""Settings of the environment for `hotline up`."""

import hashlib
import json
import os
from collections.abc import Mapping

from dev.ports import preferred_port
from dev.processes import ProcessFailed

PREFIX = "HOTLINE_"
OF_THE_SCRIPTS = frozenset({"RUNTIME", "DEBIAN_MIRROR"})
DECIDED = frozenset(
    {
        "ARI_URL",
        "ARI_USER",
        "ARI_PASSWORD",
        "AMI_HOST",
        "AMI_PORT",
        "APPLICATION",
        "EVENTS",
        "EVENTS_HOST",
        "EVENTS_PORT",
        "SIP_SOCKET",
    }
)
"""Settings of the way to Asterisk, which `hotline up` starts and configures itself."""


def given_settings() -> dict[str, str]:
    """Return the environment's settings, without the prefix.

    Raises:
        ProcessFailed: one of them says how the service reaches Asterisk, or asks for another profile than the sample.
    """
    given = {
        name.removeprefix(PREFIX): value
        for name, value in os.environ.items()
        if name.startswith(PREFIX) and value and name.removeprefix(PREFIX) not in OF_THE_SCRIPTS
    }
    refused = [f"{PREFIX}{name}: hotline up starts an Asterisk of its own" for name in sorted(DECIDED & given.keys())]
    if given.get("PROFILE", "sample") != "sample":
        refused.append(f"{PREFIX}PROFILE: hotline up runs the sample profile")
    if refused:
        raise ProcessFailed("\n".join([*refused, "unset it, or run hotline supervise"]))
    return given


def digest(given: Mapping[str, str]) -> str:
    """Return what tells settings from others, without the secrets among them."""
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest() if given else ""


def web_port(given: Mapping[str, str]) -> int:
    """Return the service's port: the given one, else a free one.

    Raises:
        ProcessFailed: another program has the given one.
    """
    if "HTTP_PORT" not in given:
        return preferred_port(8080)
    wanted = int(given["HTTP_PORT"])
    if preferred_port(wanted) != wanted:
        raise ProcessFailed(f"{PREFIX}HTTP_PORT: another program has the port {wanted}")
    return wanted
