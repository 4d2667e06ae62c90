"""Senders of notices: gateways for SMS and mail, group robots, webhooks.

SMS and e-mail go through Apprise, which knows some forty SMS gateways. The robots of WeCom and DingTalk do not: they
answer 200 also where they refuse and say so in the body, which Apprise (2.2) takes for success: a message over the
robot's limit of 20 a minute would be lost silently.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, quote_plus, unquote

from crm.notices.errors import Undeliverable
from crm.notices.model import NoticeChannel, WebhookData
from crm.personal_data.masking import mask_numbers_in
from crm.webhooks.client import OutsideClient
from crm.webhooks.errors import AddressDenied, BadResponse
from crm.webhooks.signature import signed
from foundation.clock import milliseconds, utc_now

if TYPE_CHECKING:
    import apprise

ADDRESS = "{address}"
"""Placeholder of the recipient's number or mailbox in a gateway's URL."""
SOCKET_S = 8
"""Longest silence of a gateway: shorter than an attempt, so that its thread ends with it."""
THREADS = 8
WECOM, DINGTALK = "https://qyapi.weixin.qq.com", "https://oapi.dingtalk.com"
WEBHOOK_VERSION = 1
"""Version of a webhook's body; grows when a field means something else, not when one is added."""

# Its warnings name numbers and keys (S29); errors come back with the result.
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True)
class LetterFile:
    """File of a mail."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Letter:
    """Message to one address."""

    event_id: str
    kind: str
    happened_at: datetime
    address: str
    secret: str | None
    subject: str
    text: str
    data: WebhookData
    files: Sequence[LetterFile] = ()
    """Mail alone carries them."""


class Sender(Protocol):
    """Sender of one channel."""

    shared: bool
    """All recipients depend on one gateway: while it fails, no recipient is tried."""

    async def send(self, letter: Letter) -> None:
        """Send a letter; raises where it is not delivered.

        Raises:
            Undeliverable: trying again would change nothing.
        """
        ...


class GatewaySender:
    """SMS or mail gateway, by an Apprise URL with `{address}`."""

    shared = True

    def __init__(self, url: str, *, subject_apart: bool) -> None:
        self._url = url
        self._subject_apart = subject_apart
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="notices")

    async def send(self, letter: Letter) -> None:
        """Send through the gateway, in a thread: its library blocks."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._threads, self._send, letter)

    def _send(self, letter: Letter) -> None:
        # The address was checked on input and is quoted: it is never more than one part of the URL.
        gateway = _opened(self._url.replace(ADDRESS, quote(letter.address, safe="")))
        result = gateway.notify(
            body=letter.text,
            title=letter.subject if self._subject_apart else "",
            body_format="text",
            attach=_attached(letter.files) if self._subject_apart else None,
        )
        if not result:
            raise BadResponse("the gateway did not take it")

    def close(self) -> None:
        """Release the threads without waiting for a gateway that hangs."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class RobotSender:
    """Group robot of WeCom or DingTalk; `base` is another server in tests."""

    shared = False

    def __init__(self, client: OutsideClient, channel: NoticeChannel, base: str = "") -> None:
        self._client = client
        self._channel = channel
        self._base = base or (WECOM if channel is NoticeChannel.WECOM else DINGTALK)

    async def send(self, letter: Letter) -> None:
        """Send to the group, and check the robot's response."""
        said = f"{letter.subject}\n{letter.text}"
        body = json.dumps({"msgtype": "text", "text": {"content": said}}, ensure_ascii=False).encode()
        answer = await self._client.post(self._url(letter), body, {}, wants_body=True)
        try:
            code = json.loads(answer.body)["errcode"]
        except (ValueError, KeyError, TypeError) as error:
            raise BadResponse("the robot did not say whether it took it") from error
        if code != 0:
            raise BadResponse(f"the robot refused it with errcode {str(code)[:10]}")

    def _url(self, letter: Letter) -> str:
        if self._channel is NoticeChannel.WECOM:
            return f"{self._base}/cgi-bin/webhook/send?key={quote(letter.address)}"
        url = f"{self._base}/robot/send?access_token={quote(letter.address)}"
        if letter.secret is None:
            return url
        timestamp = milliseconds(utc_now())
        content = f"{timestamp}\n{letter.secret}".encode()
        signature = base64.b64encode(hmac.new(letter.secret.encode(), content, hashlib.sha256).digest())
        return f"{url}&timestamp={timestamp}&sign={quote_plus(signature)}"


class WebhookSender:
    """Webhook of another system: JSON, signed by Standard Webhooks.

    `crm.webhooks.signature` shows how a receiver verifies it.
    """

    shared = False

    def __init__(self, client: OutsideClient) -> None:
        self._client = client

    async def send(self, letter: Letter) -> None:
        """Send the event; any 2xx is success."""
        if letter.secret is None:
            raise Undeliverable("the webhook has no secret to sign with")
        content = {
            "version": WEBHOOK_VERSION,
            "id": letter.event_id,
            "type": letter.kind,
            "timestamp": letter.happened_at.isoformat(),
            "subject": letter.subject,
            "text": letter.text,
            "data": letter.data,
        }
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        try:
            await self._client.post(letter.address, body, signed(letter.secret, letter.event_id, utc_now(), body))
        except AddressDenied as error:
            raise Undeliverable(f"the address {error}") from error


def _attached(files: Sequence[LetterFile]) -> "apprise.AppriseAttachment | None":
    if not files:
        return None
    import apprise  # noqa: PLC0415
    from apprise.attachment.memory import AttachMemory  # noqa: PLC0415

    attached = apprise.AppriseAttachment()
    for one in files:
        memory = AttachMemory(content=one.content, name=one.name, mimetype=one.media_type)  # type: ignore[no-untyped-call]
        attached.add(memory)
    return attached


def gateway_problem(url: str) -> str | None:
    """Return the problem of a gateway's URL; None without one."""
    if url.count(ADDRESS) != 1:
        return f"must hold {ADDRESS} once, where the recipient's number or mailbox goes"
    try:
        _opened(url.replace(ADDRESS, "+8613800000000" if "mail" not in url else quote("a@example.org", safe="")))
    except Undeliverable:
        return "must be a URL that Apprise knows, such as mailtos://user:password@example.org?to={address}"
    return None


def _opened(url: str) -> "apprise.Apprise":
    # Its import takes a quarter of a second: a process that restarts serves its callers first.
    import apprise  # noqa: PLC0415

    asset = apprise.AppriseAsset(
        storage_mode=apprise.PersistentStoreMode.MEMORY, http_redirects=False, app_id="hotline", async_mode=False
    )
    gateway = apprise.Apprise(asset=asset)
    joint = "&" if "?" in url else "?"
    if not gateway.add(f"{url}{joint}cto={SOCKET_S}&rto={SOCKET_S}"):
        raise Undeliverable("the gateway's URL is wrong")
    return gateway


def safe_error(error: BaseException) -> str:
    """Return an error for storing: numbers masked, addresses left out."""
    said = f"{type(error).__name__}: {error}" if not isinstance(error, (BadResponse, Undeliverable)) else str(error)
    words = ["…" if "://" in (plain := unquote(word)) or "=" in plain else word for word in said.split()]
    return mask_numbers_in(" ".join(words)).replace("\x00", "")[:300]
