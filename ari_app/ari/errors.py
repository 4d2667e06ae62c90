"""What can go wrong between us and Asterisk: one exception per meaning, whatever status code a verb uses for it."""


class AriError(Exception):
    """A request that Asterisk refused or did not answer. `str()` names the request and Asterisk's own words."""

    sent: bool = True
    """Whether Asterisk may have carried the request out. False: it certainly did not."""

    def __init__(self, method: str, path: str, message: str, *, status: int | None = None) -> None:
        super().__init__(f"{method} {path}: {message}")
        self.method = method
        self.path = path
        self.message = message
        """Asterisk's words, or ours where it said nothing."""
        self.status = status
        """The HTTP status, or None where there was no answer."""


class Answered(AriError):
    """Asterisk answered, and did not do it."""

    sent = False


class NotFound(Answered):
    """The channel, bridge, playback, recording or object is gone or never was."""


class NotRegistered(NotFound):
    """Asterisk does not know our application: this connection's events are not being sent to us."""


class Conflict(Answered):
    """It already exists, or is busy with something that excludes this."""


class NotInStasis(Answered):
    """The channel or bridge exists, but is not (or not yet, or no longer) in a Stasis application."""


class WrongState(Answered):
    """The channel is in Stasis but cannot do this yet: created or dialled, not answered."""


class EndpointUnavailable(Answered):
    """Nobody can be called there: an unknown technology or endpoint, or a phone that is not registered."""


class Invalid(Answered):
    """Asterisk could not make sense of a parameter."""


class Refused(Answered):
    """The credentials are wrong, or lack the right to do this."""


class ServerFault(AriError):
    """Asterisk failed inside; what it did until then is unknown."""


class NotReady(ServerFault):
    """Asterisk is still starting and did nothing."""

    sent = False


class Unanswered(AriError):
    """No answer came. `sent` tells whether Asterisk may have acted: ask it by the id the request carried."""

    def __init__(self, method: str, path: str, message: str, *, sent: bool = True, status: int | None = None) -> None:
        super().__init__(method, path, message, status=status)
        self.sent = sent


class AriTimeout(Unanswered):
    """It took longer than we wait."""


class Unreachable(Unanswered):
    """The connection could not be made, or broke before the answer."""


_BY_STATUS: dict[int, type[AriError]] = {
    400: Invalid,
    401: Refused,
    403: Refused,
    404: NotFound,
    405: Invalid,
    409: Conflict,
    412: WrongState,
    422: Invalid,
}


def error_for(method: str, path: str, status: int, message: str | None) -> AriError:
    """The exception that an answer means; `message` is None where it was not ARI that answered.

    A verb that takes a second id in its query says 400 or 422 for "not found" and "not in Stasis", so the words count
    more than the code.
    """
    if message is None and status == 404:
        # Before ARI is loaded, Asterisk's web server knows no such page: nothing there is "gone".
        return NotReady(method, path, "ARI is not there (yet)", status=status)
    message = message or "Asterisk gave no reason"
    words = message.casefold()
    kind = _BY_STATUS.get(status, ServerFault if status >= 500 else Invalid)
    if status == 404 and path.startswith("/applications/"):
        kind = NotRegistered
    elif status == 503:
        kind = NotReady
    elif status == 500 and words == "allocation failed" and path in {"/channels", "/channels/create"}:
        kind = EndpointUnavailable
    elif status in {409, 422} and "stasis" in words:
        kind = NotInStasis
    elif status in {400, 422} and "not found" in words:
        kind = NotFound
    return kind(method, path, message, status=status)
