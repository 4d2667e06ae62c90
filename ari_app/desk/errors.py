"""What the desk refuses by itself, before or after a feature was asked."""

from foundation.problems import Forbidden, Problem, TooMany, Unauthenticated


class SignInFailed(Unauthenticated):
    """Staff number or password is wrong. Which of them is not said (S11)."""

    slug = "sign-in-failed"
    title = "Staff number or password is wrong"

    def __init__(self) -> None:
        super().__init__("Check the staff number and the password.")


class TooManyAttempts(TooMany):
    """Too many failed attempts for this staff number or from this address; `retry_after_s` says when to come back."""

    slug = "too-many-attempts"
    title = "Too many attempts to sign in"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"Try again in {retry_after_s} seconds.")
        self.retry_after_s = retry_after_s


class TooManyRequests(TooMany):
    """Too many requests from this address, or about the same thing; `retry_after_s` says when to come back."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"Try again in {retry_after_s} seconds.")
        self.retry_after_s = retry_after_s


class WrongOrigin(Forbidden):
    """A browser sent this from a page that is not ours, or without proof that it is (S19, S38)."""

    slug = "wrong-origin"
    title = "Not from a page of this service"


class Malformed(Problem):
    """The request itself cannot be read."""

    slug = "malformed"
    title = "The request cannot be read"


class TooLarge(Problem):
    """The body is larger than any request needs."""

    status = 413
    slug = "too-large"
    title = "The body is too large"


class NotJson(Problem):
    """A body that is not declared as JSON."""

    status = 415
    slug = "not-json"
    title = "The body must be JSON"


class BodyTooSlow(Problem):
    """The body did not arrive in time."""

    status = 408
    slug = "too-slow"
    title = "The body did not arrive in time"
