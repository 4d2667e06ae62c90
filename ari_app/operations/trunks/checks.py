"""Checks of a trunk against the running Asterisk, in words."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from ari_app.ari.ami import AmiClient, Response
from ari_app.ari.errors import AriNotFound
from ari_app.operations.trunks.files import WrittenTrunk

NEEDED: Mapping[str, tuple[str, str, str]] = {
    "IdentifyBy": ("ip", "identify_by=ip", "otherwise a caller who writes the trunk's name in From is the trunk"),
    "AllowTransfer": ("false", "allow_transfer=no", "otherwise a REFER from outside places calls at your cost"),
    "DirectMedia": ("false", "direct_media=no", "otherwise the sound passes Asterisk by, and is not recorded"),
    "Context": ("hotline", "context=hotline", "calls from outside reach the hotline and nothing else"),
}
"""Field of Asterisk, its value, the setting, the reason."""
TIMEOUTS = {"RtpTimeout": "rtp_timeout", "RtpTimeoutHold": "rtp_timeout_hold"}
POLL_S, OPTIONS_DEADLINE_S = 0.1, 3.5
"""Longer than Asterisk waits for the answer (qualify_timeout)."""
REACHABLE, NOT_ASKED_YET = "Reachable", frozenset({"NonQualified", "Unknown", "Created"})
REGISTERED, REJECTED = "Registered", "Rejected"
RESTART = "Asterisk reads the file at its start: restart it while no call runs"


@dataclass(frozen=True)
class Finding:
    """One statement about a trunk, and whether it is in order."""

    ok: bool
    text: str

    def __str__(self) -> str:
        return f"  {'ok' if self.ok else 'NO'}  {self.text}"


@dataclass(frozen=True)
class TrunkReport:
    """Findings about one trunk."""

    trunk: WrittenTrunk
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Tell whether calls can come and go."""
        return all(finding.ok for finding in self.findings)


async def check(ami: AmiClient, trunk: WrittenTrunk, dial_string: str | None) -> TrunkReport:
    """Compare a written trunk with the running Asterisk.

    `dial_string` is the setting HOTLINE_TRUNK, None where it is not known.

    Raises:
        AriNoResponse: Asterisk could not be asked.
    """
    try:
        details = await _asked(ami, trunk.name)
    except AriNotFound:
        return TrunkReport(trunk, (Finding(False, f"Asterisk does not know the endpoint. {RESTART}"),))
    findings = [Finding(True, "Asterisk knows the endpoint"), *_settings(_first(details, "EndpointDetail"))]
    findings += _matches(_of(details, "IdentifyDetail"))
    findings += _contacts(_of(details, "AorDetail"), _of(details, "ContactStatusDetail"))
    if trunk.registrations:
        known = {one.get("ObjectName", ""): one for one in await ami.outbound_registrations()}
        findings += [_registration(name, known.get(name)) for name in trunk.registrations]
    if dial_string is not None:
        findings.append(_dialled(trunk, dial_string))
    return TrunkReport(trunk, tuple(findings))


async def _asked(ami: AmiClient, name: str) -> list[Response]:
    """Return an endpoint's details once the carrier was asked with OPTIONS."""
    details = await ami.endpoint_details(name)
    if _is_open(details):
        # By itself Asterisk asks for the first time within qualify_frequency.
        await ami.qualify_endpoint(name)
        with suppress(TimeoutError):
            async with asyncio.timeout(OPTIONS_DEADLINE_S):
                while _is_open(details):
                    await asyncio.sleep(POLL_S)
                    details = await ami.endpoint_details(name)
    return details


def _is_open(details: Iterable[Response]) -> bool:
    """Tell whether a contact was not asked with OPTIONS yet."""
    return any(one.get("Status") in NOT_ASKED_YET for one in _of(details, "ContactStatusDetail"))


def _settings(endpoint: Response) -> Iterator[Finding]:
    for field, (value, setting, reason) in NEEDED.items():
        found = endpoint.get(field, "")
        yield Finding(found == value, setting if found == value else f"{setting} is missing: {reason}")
    for field, setting in TIMEOUTS.items():
        seconds = endpoint.get(field, "0")
        missing = f"{setting} is missing: a caller who vanished stays in the call and in the queue"
        yield Finding(seconds != "0", f"{setting}={seconds}" if seconds != "0" else missing)
    yield Finding(True, f"codecs: {endpoint.get('Allow', '').strip('()').replace('|', ', ')}")
    if (encryption := endpoint.get("MediaEncryption", "no")) != "no":
        yield Finding(True, f"the sound is encrypted: {encryption}")


def _matches(identified: Iterable[Response]) -> Iterator[Finding]:
    addresses = [match for one in identified for match in one.get("Match", "").split(",") if match]
    if addresses:
        yield Finding(True, f"calls from {', '.join(map(_short, addresses))} are the carrier's")
    else:
        yield Finding(False, "no address is the carrier's: its calls are refused; add a section type=identify")


def _short(network: str) -> str:
    return network.removesuffix("/255.255.255.255").removesuffix("/32")


def _contacts(addresses: Iterable[Response], contacts: Iterable[Response]) -> Iterator[Finding]:
    asked_every = max((int(one.get("QualifyFrequency", "0")) for one in addresses), default=0)
    if not asked_every:
        yield Finding(False, "qualify_frequency is missing: nothing notices that the carrier is away")
    found = list(contacts)
    if not found:
        yield Finding(False, "no contact: calls out have no address to go to; add aors and a section type=aor")
    for one in found:
        uri, status = one.get("URI", ""), one.get("Status", "")
        if status == REACHABLE:
            yield Finding(True, f"{uri} answers after {int(one.get('RoundtripUsec', '0')) / 1000:.0f} ms")
        elif status in NOT_ASKED_YET:
            yield Finding(False, f"{uri} was not asked yet: try again in {asked_every or 30} s")
        else:
            yield Finding(False, f"{uri} does not answer OPTIONS: its address, its port or a firewall ({status})")


def _registration(name: str, known: Response | None) -> Finding:
    status = known.get("Status", "") if known is not None else ""
    if known is None:
        return Finding(False, f"Asterisk does not know the registration {name}. {RESTART}")
    at = f"{known.get('ClientUri', '')} at {known.get('ServerUri', '')}"
    if status == REGISTERED:
        return Finding(True, f"registered as {at}; calls come to {known.get('ContactUser', '')}")
    if status == REJECTED:
        return Finding(False, f"the carrier refuses the registration of {at}: the user or HOTLINE_TRUNK_PASSWORD")
    return Finding(False, f"not registered as {at} yet: {status}; the carrier has not answered")


def _dialled(trunk: WrittenTrunk, dial_string: str) -> Finding:
    if dial_string.endswith(f"@{trunk.name}"):
        return Finding(True, f"calls out go through it: HOTLINE_TRUNK={dial_string}")
    return Finding(True, f"no calls out: HOTLINE_TRUNK={dial_string} names another endpoint")


def _of(details: Iterable[Response], event: str) -> list[Response]:
    return [one for one in details if one.get("Event") == event]


def _first(details: Iterable[Response], event: str) -> Response:
    return next(iter(_of(details, event)), {})
