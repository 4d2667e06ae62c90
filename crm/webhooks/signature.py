"""Signatures of webhooks by Standard Webhooks 1.0.

Any library of that standard verifies them.

A request carries three headers:

    webhook-id: event-17-1795408195123         the same however often it is sent: by this a receiver knows it (F26)
    webhook-timestamp: 1795408195              seconds since the epoch, of this attempt
    webhook-signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=

What is signed is `{id}.{timestamp}.{body}`, the body byte for byte as it came, with HMAC-SHA256. The key is what stands
behind `whsec_` in the secret, decoded from base64. A receiver verifies like this, and then drops what it had before:

    import base64, hashlib, hmac, time

    def is_genuine(secret: str, headers: dict[str, str], body: bytes) -> bool:
        if abs(time.time() - int(headers["webhook-timestamp"])) > 300:
            return False                                     # recorded and played again
        key = base64.b64decode(secret.removeprefix("whsec_"))
        content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest())
        return any(
            hmac.compare_digest(one.removeprefix("v1,").encode(), expected)    # takes as long wherever they differ
            for one in headers["webhook-signature"].split(" ")
        )
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime

PREFIX = "whsec_"
KEY_BYTES = 32
TOLERANCE_S = 300
"""Seconds that a receiver's clock may differ from ours."""


def new_secret() -> str:
    """Return a new random secret."""
    return PREFIX + base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def signed(secret: str, event_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the headers that sign a body."""
    timestamp = str(int(at.timestamp()))
    return {
        "webhook-id": event_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{_signature(secret, event_id, timestamp, body)}",
    }


def is_genuine(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Return whether a request was signed with the secret, not long ago."""
    timestamp = headers.get("webhook-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdigit()) or abs(now.timestamp() - int(timestamp)) > TOLERANCE_S:
        return False
    expected = _signature(secret, headers.get("webhook-id", ""), timestamp, body).encode()
    given = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(one.removeprefix("v1,").encode(), expected) for one in given)


def _signature(secret: str, event_id: str, timestamp: str, body: bytes) -> str:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("the secret of a webhook is whsec_ and base64") from error
    digest = hmac.new(key, f"{event_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
