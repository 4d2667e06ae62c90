"""Refusals of the HTTP server itself."""

from foundation.problems import Forbidden, Problem, TooMany, Unauthenticated


class PasswordOneTime(Forbidden):
    """A session with a one-time password may only set a password."""

    slug = "password-one-time"
    title = "Set a password first"


class SignInFailed(Unauthenticated):
    """Wrong staff number or password; the response does not say which (S11)."""

    slug = "sign-in-failed"
    title = "Staff number or password is wrong"

    def __init__(self) -> None:
        super().__init__("Check the staff number and the password.")


class TooManyAttempts(TooMany):
    """Too many failed sign-ins for this staff number or from this address."""

    slug = "too-many-attempts"
    title = "Too many attempts to sign in"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"Try again in {retry_after_s} seconds.")
        self.retry_after_s = retry_after_s


class TooManyRequests(TooMany):
    """Too many requests from this address, or about the same subject."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"Try again in {retry_after_s} seconds.")
        self.retry_after_s = retry_after_s


class WrongOrigin(Forbidden):
    """Request of another site's page, or without proof of ours (S19, S38)."""

    slug = "wrong-origin"
    title = "Not from a page of this service"


class Malformed(Problem):
    """Request that cannot be read."""

    slug = "malformed"
    title = "The request cannot be read"


class TooLarge(Problem):
    """Body that is larger than the route takes."""

    status = 413
    slug = "too-large"
    title = "The body is too large"


class NotJson(Problem):
    """Body that is not declared as JSON."""

    status = 415
    slug = "not-json"
    title = "The body must be JSON"


class Failed(Problem):
    """Fault of ours; the log has the details."""

    status = 500
    slug = "internal"
    title = "This failed on our side"


class BodyTooSlow(Problem):
    """Body that did not arrive in time."""

    status = 408
    slug = "too-slow"
    title = "The body did not arrive in time"
