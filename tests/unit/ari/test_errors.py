"""One exception per meaning, whatever status Asterisk uses for it."""

import pytest

from ari_app.ari.errors import (
    AriError,
    AriTimeout,
    Conflict,
    EndpointUnavailable,
    Invalid,
    NotFound,
    NotInStasis,
    NotReady,
    NotRegistered,
    Refused,
    ServerFault,
    Unreachable,
    WrongState,
    error_for,
)


@pytest.mark.parametrize(
    ("path", "status", "message", "kind", "sent"),
    [
        ("/channels/x", 404, "Channel not found", NotFound, False),
        ("/bridges/x/addChannel", 400, "Channel not found", NotFound, False),
        ("/bridges/x/addChannel", 422, "Channel not in Stasis application", NotInStasis, False),
        ("/channels/x/answer", 409, "Channel not in Stasis application", NotInStasis, False),
        ("/channels/x/answer", 412, "Channel in invalid state", WrongState, False),
        ("/bridges", 409, "Bridge with id 'x' already exists", Conflict, False),
        ("/channels", 500, "Allocation failed", EndpointUnavailable, False),
        ("/channels/x/play", 500, "Allocation failed", ServerFault, True),
        ("/applications/x", 404, "Application not found", NotRegistered, False),
        ("/channels/x/record", 422, "specified format is unknown on this system", Invalid, False),
        ("/channels", 400, None, Invalid, False),
        ("/asterisk/ping", 401, "Authentication required", Refused, False),
        ("/asterisk/ping", 403, "Permission denied", Refused, False),
        ("/asterisk/ping", 503, "Asterisk not booted", NotReady, False),
        ("/asterisk/ping", 404, None, NotReady, False),
        ("/channels", 502, None, ServerFault, True),
        ("/channels", 418, "teapot", Invalid, False),
    ],
)
def test_meanings(path: str, status: int, message: str | None, kind: type[AriError], sent: bool) -> None:
    error = error_for("POST", path, status, message)
    assert type(error) is kind
    assert (error.sent, error.status, error.path) == (sent, status, path)
    assert str(error).startswith(f"POST {path}: ")
    if message:
        assert message in str(error)


def test_a_lost_answer_says_whether_it_was_sent() -> None:
    assert AriTimeout("POST", "/channels", "no answer").sent
    assert not Unreachable("POST", "/channels", "refused", sent=False).sent
