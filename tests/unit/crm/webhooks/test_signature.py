"""Signatures as Standard Webhooks lay them down: what its own libraries verify."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from crm.webhooks import signature
from crm.webhooks.signature import is_genuine, new_secret, signed

AT = datetime.fromtimestamp(1614265330, UTC)
BODY = b'{"test": 2432232314}'


def test_example_of_the_standard_verifies() -> None:
    headers = signed("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", AT, BODY)
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_documented_receiver_verifies() -> None:
    """Run the receiver's code from the module's documentation."""
    secret = new_secret()
    now = datetime.now(UTC)
    headers = signed(secret, "event-1", now, BODY)
    lines = (signature.__doc__ or "").partition("    import base64")[2].splitlines()
    code = "import base64" + "\n".join(line.removeprefix("    ") for line in lines)
    told: dict[str, object] = {"base64": base64, "hashlib": hashlib, "hmac": hmac}
    exec(code, told)  # noqa: S102 - our own documentation
    documented = told["is_genuine"]
    assert callable(documented)
    assert documented(secret, headers, BODY)
    assert not documented(secret, headers, BODY + b" ")
    assert not documented(new_secret(), headers, BODY)


@pytest.mark.parametrize(
    ("changed", "body"),
    [
        ({}, BODY + b" "),
        ({"webhook-id": "event-2"}, BODY),
        ({"webhook-timestamp": "1614265331"}, BODY),
        ({"webhook-timestamp": "soon"}, BODY),
        ({"webhook-signature": "v1,"}, BODY),
        ({"webhook-signature": ""}, BODY),
    ],
)
def test_changed_request_is_not_genuine(changed: dict[str, str], body: bytes) -> None:
    secret = new_secret()
    headers = signed(secret, "event-1", AT, BODY)
    assert is_genuine(secret, headers, BODY, AT)
    assert not is_genuine(secret, {**headers, **changed}, body, AT)


def test_old_request_is_not_genuine_and_one_good_signature_is_enough() -> None:
    secret = new_secret()
    headers = signed(secret, "event-1", AT, BODY)
    assert not is_genuine(secret, headers, BODY, AT + timedelta(minutes=6))
    both = {**headers, "webhook-signature": f"v1,b2xk {headers['webhook-signature']}"}
    assert is_genuine(secret, both, BODY, AT)


def test_invalid_secret_is_named() -> None:
    with pytest.raises(ValueError, match="whsec_"):
        signed("whsec_not base64!", "event-1", AT, BODY)
    assert len({new_secret() for _ in range(100)}) == 100
