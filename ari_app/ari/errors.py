"""Errors of requests to Asterisk.

One exception per meaning, whatever status code a request uses for it.
"""


class AriError(Exception):
    """A request that Asterisk refused or did not answer.

    `str()` names the request and Asterisk's own words.
    """

    sent: bool = True
    """True: Asterisk may have carried the request out; False: it certainly did not."""

    def __init__(self, method: str, path: str, message: str, *, status: int | None = None) -> None:
        super().__init__(f"{method} {path}: {message}")
        self.method = method
        self.path = path
        self.message = message
        """Asterisk's words, or ours where it said nothing."""
        self.status = status
        """The HTTP status, or None where there was no answer."""


class AriResponseError(AriError):
    """Asterisk refused the request."""

    sent = False


class AriNotFound(AriResponseError):
    """The channel, bridge, playback, recording or object is gone or never was."""


class NotRegistered(AriNotFound):
    """Asterisk does not know our application.

    It sends no events on this connection.
    """


class AriConflict(AriResponseError):
    """The object exists already, or its state excludes the request."""


class NotInStasis(AriResponseError):
    """The channel or bridge is not in a Stasis application."""


class AriWrongState(AriResponseError):
    """The channel cannot do this yet: it is not answered."""


class EndpointUnavailable(AriResponseError):
    """The endpoint cannot be called.

    The technology or endpoint is unknown, or the phone is not registered.
    """


class AriInvalid(AriResponseError):
    """Asterisk could not make sense of a parameter."""


class AriRefused(AriResponseError):
    """The credentials are wrong, or lack the right to do this."""


class ServerFault(AriError):
    """Asterisk failed inside; what it did until then is unknown."""


class AriNotReady(ServerFault):
    """Asterisk is still starting and did nothing."""

    sent = False


class AriNoResponse(AriError):
    """No response came.

    `sent` tells whether Asterisk may have acted: ask it by the id in the request.
    """

    def __init__(self, method: str, path: str, message: str, *, sent: bool = True, status: int | None = None) -> None:
        super().__init__(method, path, message, status=status)
        self.sent = sent


class AriTimeout(AriNoResponse):
    """The response did not come in time."""


class AriUnreachable(AriNoResponse):
    """The connection could not be made, or broke before the answer."""


_BY_STATUS: dict[int, type[AriError]] = {
    400: AriInvalid,
    401: AriRefused,
    403: AriRefused,
    404: AriNotFound,
    405: AriInvalid,
    409: AriConflict,
    412: AriWrongState,
    422: AriInvalid,
}


def error_for(method: str, path: str, status: int, message: str | None) -> AriError:
    """Return the exception for a response.

    `message` is None where the response did not come from ARI.

    A verb that takes a second id in its query says 400 or 422 for "not found" and "not in Stasis", so the words count
    more than the code.
    """
    if message is None and status == 404:
        # Before ARI is loaded, Asterisk's web server knows no such page: nothing there is "gone".
        return AriNotReady(method, path, "ARI is not there (yet)", status=status)
    message = message or "Asterisk gave no reason"
    words = message.casefold()
    kind = _BY_STATUS.get(status, ServerFault if status >= 500 else AriInvalid)
    if status == 404 and path.startswith("/applications/"):
        kind = NotRegistered
    elif status == 503:
        kind = AriNotReady
    elif status == 500 and words == "allocation failed" and path in {"/channels", "/channels/create"}:
        kind = EndpointUnavailable
    elif status in {409, 422} and "stasis" in words:
        kind = NotInStasis
    elif status in {400, 422} and "not found" in words:
        kind = AriNotFound
    return kind(method, path, message, status=status)
