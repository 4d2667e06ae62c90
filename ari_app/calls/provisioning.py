"""Agents' SIP accounts, configured over ARI without a file or a reload.

The phone in the browser has an account beside that of the phone on the table: what WebRTC needs excludes other phones,
its secret ends with the session, and a choice between both needs no registration.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from ari_app.ari.client import AriClient
from ari_app.ari.errors import AriError, AriNoResponse, AriNotFound

PARALLEL = 8
_IN_BROWSER = "-browser"
ADDRESS = {"max_contacts": "1", "remove_existing": "true", "support_path": "false"}

ENDPOINT = {
    "context": "agents",
    # By credentials, not by the name that a phone gives itself.
    "identify_by": "auth_username,username",
    "disallow": "all",
    "allow": "ulaw,alaw",
    # Media stays with us: both sides are recorded, and a phone never sees the other's address.
    "direct_media": "no",
    "rtp_symmetric": "yes",
    "force_rport": "yes",
    "rewrite_contact": "yes",
    "device_state_busy_at": "1",
    # REFER of an agent's phone is reported to us (`PhoneTransfers`); Asterisk transfers nothing.
    "allow_transfer": "yes",
    # A phone that vanished without a word ends its call (F18).
    "rtp_timeout": "60",
    "rtp_timeout_hold": "600",
}
WEBRTC = {
    "webrtc": "yes",
    "dtls_auto_generate_cert": "yes",
    # The caller's codec comes first in the offer, so that Opus is spoken where the caller speaks it too.
    "allow": "opus,ulaw,alaw",
}


@dataclass(frozen=True)
class PhoneAccount:
    """A SIP account: user and password of one phone."""

    user: str
    password: str
    browser: bool = False
    """Whether a page's phone registers with it."""


def browser_user(user: str) -> str:
    """Return the SIP user of the browser's phone beside a phone's own."""
    return f"{user}{_IN_BROWSER}"


def desk_user(user: str) -> str:
    """Return the SIP user of the desk phone beside either one."""
    return user.removesuffix(_IN_BROWSER)


async def push(ari: AriClient, accounts: Iterable[PhoneAccount]) -> int:
    """Create or update accounts; return how many. Idempotent.

    Asterisk stores them in its own database, so that the fallback can ring phones while the service is away.

    Raises:
        ExceptionGroup: the AriErrors of the accounts that failed; all others are stored.
    """
    limit = asyncio.Semaphore(PARALLEL)

    async def one(account: PhoneAccount) -> None:
        async with limit:
            await _push_account(ari, account)

    pushed = await asyncio.gather(*(one(account) for account in accounts), return_exceptions=True)
    failed = [outcome for outcome in pushed if isinstance(outcome, Exception)]
    if failed:
        raise ExceptionGroup("phones that Asterisk refused", failed)
    return len(pushed)


async def remove(ari: AriClient, users: Iterable[str]) -> int:
    """Remove accounts from Asterisk; return how many existed.

    Raises:
        ExceptionGroup: the AriErrors of the accounts that are left; all others are gone.
    """
    removed, failed = 0, []
    for user in users:
        try:
            removed += await _removed(ari, user)
        except AriNoResponse:
            raise
        except AriError as error:
            failed.append(error)
    if failed:
        raise ExceptionGroup("phones that Asterisk did not remove", failed)
    return removed


async def _removed(ari: AriClient, user: str) -> bool:
    found = False
    # The endpoint names the other two, so it goes first.
    for object_type in ("endpoint", "auth", "aor"):
        with suppress(AriNotFound):
            await ari.delete_dynamic("res_pjsip", object_type, user)
            found = True
    return found


async def _push_account(ari: AriClient, account: PhoneAccount) -> None:
    user = account.user
    # The endpoint names the other two, so it comes last.
    await ari.put_dynamic(
        "res_pjsip", "auth", user, {"auth_type": "userpass", "username": user, "password": account.password}
    )
    if not await _has_address(ari, user):
        await ari.put_dynamic("res_pjsip", "aor", user, ADDRESS)
    own = {"auth": user, "aors": user}
    await ari.put_dynamic("res_pjsip", "endpoint", user, {**ENDPOINT, **(WEBRTC if account.browser else {}), **own})


async def _has_address(ari: AriClient, user: str) -> bool:
    """Tell whether a phone's address of record exists as wanted.

    When it is written again, Asterisk (22.10) loses the registered phone: it signs off, and is still rung.
    """
    try:
        found = await ari.dynamic("res_pjsip", "aor", user)
    except AriNotFound:
        return False
    return all(found.get(name) == value for name, value in ADDRESS.items())
