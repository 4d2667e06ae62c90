"""One exception per meaning, whatever status Asterisk uses for it."""

import pytest

from ari_app.ari.errors import (
    AriConflict,
    AriError,
    AriInvalid,
    AriNotFound,
    AriNotReady,
    AriRefused,
    AriTimeout,
    AriUnreachable,
    AriWrongState,
    EndpointUnavailable,
    NotInStasis,
    NotRegistered,
    ServerFault,
    error_for,
)


@pytest.mark.parametrize(
    ("path", "status", "message", "kind", "sent"),
    [
        ("/channels/x", 404, "Channel not found", AriNotFound, False),
        ("/bridges/x/addChannel", 400, "Channel not found", AriNotFound, False),
        ("/bridges/x/addChannel", 422, "Channel not in Stasis application", NotInStasis, False),
        ("/channels/x/answer", 409, "Channel not in Stasis application", NotInStasis, False),
        ("/channels/x/answer", 412, "Channel in invalid state", AriWrongState, False),
        ("/bridges", 409, "Bridge with id 'x' already exists", AriConflict, False),
        ("/channels", 500, "Allocation failed", EndpointUnavailable, False),
        ("/channels/x/play", 500, "Allocation failed", ServerFault, True),
        ("/applications/x", 404, "Application not found", NotRegistered, False),
        ("/channels/x/record", 422, "specified format is unknown on this system", AriInvalid, False),
        ("/channels", 400, None, AriInvalid, False),
        ("/asterisk/ping", 401, "Authentication required", AriRefused, False),
        ("/asterisk/ping", 403, "Permission denied", AriRefused, False),
        ("/asterisk/ping", 503, "Asterisk not booted", AriNotReady, False),
        ("/asterisk/ping", 404, None, AriNotReady, False),
        ("/channels", 502, None, ServerFault, True),
        ("/channels", 418, "teapot", AriInvalid, False),
    ],
)
def test_responses_become_exceptions(
    path: str, status: int, message: str | None, kind: type[AriError], sent: bool
) -> None:
    error = error_for("POST", path, status, message)
    assert type(error) is kind
    assert (error.sent, error.status, error.path) == (sent, status, path)
    assert str(error).startswith(f"POST {path}: ")
    if message:
        assert message in str(error)


def test_lost_response_tells_whether_the_request_was_sent() -> None:
    assert AriTimeout("POST", "/channels", "no answer").sent
    assert not AriUnreachable("POST", "/channels", "refused", sent=False).sent
