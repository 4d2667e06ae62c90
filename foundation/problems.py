"""Problems: refusals as RFC 9457 problem details."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

FILL_IN = "must be filled in"
"""Rule of a required text that is empty."""
REASON = "reason"
Reason = Annotated[str | None, REASON]
"""Stored sentence in English; a response says it in the reader's language."""


class FieldProblem(BaseModel):
    """Field that broke a rule."""

    field: str
    """Where: a dotted path, or `row 12, column phone` in a file."""
    rule: str
    """Rule as a sentence that says how to correct the field, in the language that the request prefers."""
    code: str = "other"
    """Rule as a code of `callflows/problems.yaml`; `other` where it has none."""
    parameters: dict[str, str] = {}
    """What the rule names: `{"max_length": "200"}`."""


def broken_rules(error: ValidationError) -> list[tuple[tuple[int | str, ...], str]]:
    """Return place and text of each broken rule; never the value (S29)."""
    return [(one["loc"], _rule(one)) for one in error.errors(include_url=False)]


def _rule(one: ErrorDetails) -> str:
    is_text, kind = isinstance(one["input"], str), one["type"].removeprefix("string_")
    if is_text and kind == "too_short" and one["ctx"]["min_length"] == 1:
        return FILL_IN
    # A text that other rules were applied to before is only "a value" with "items" to pydantic.
    if is_text and kind in {"too_long", "too_short"}:
        is_long = kind == "too_long"
        length = one["ctx"]["max_length" if is_long else "min_length"]
        return f"String should have at {'most' if is_long else 'least'} {length} character{'s' if length != 1 else ''}"
    return one["msg"].removeprefix("Value error, ")


class ProblemDetails(BaseModel):
    """Body of a refusal, sent as application/problem+json (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] = []


class Outcome(BaseModel):
    """Result of one part of a request."""

    problem: ProblemDetails | None = None
    """Why it was refused, sent in the reader's language; None: it was done."""


class Problem(Exception):
    """Refusal with a meaning; features subclass it in their `errors.py`.

    `status` is the HTTP status, `slug` names the type (`/problems/<slug>`), `title` is the same for every occurrence.
    """

    status: ClassVar[int] = 400
    slug: ClassVar[str] = "bad-request"
    title: ClassVar[str] = "The request cannot be carried out"

    def __init__(self, detail: str, errors: Sequence[FieldProblem] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = list(errors)

    def lines(self) -> list[str]:
        """Return the problem's lines for an operator: the detail, then further fields."""
        return [self.detail, *(f"{one.field}: {one.rule}" for one in self.errors if one.rule not in self.detail)]

    def details(self) -> ProblemDetails:
        """Return the problem's details as they are sent."""
        return ProblemDetails(
            type=f"/problems/{self.slug}", title=self.title, status=self.status, detail=self.detail, errors=self.errors
        )


class NotFound(Problem):
    """No such object, or not visible to this caller (S7: both look the same)."""

    status = 404
    slug = "not-found"
    title = "Not found"


class Invalid(Problem):
    """Fields that broke a rule; `errors` names which and how."""

    status = 422
    slug = "invalid"
    title = "A field breaks a rule"


class Conflict(Problem):
    """State that does not allow it, or that another request changed."""

    status = 409
    slug = "conflict"
    title = "The present state does not allow this"


class Forbidden(Problem):
    """Signed in, but not entitled."""

    status = 403
    slug = "forbidden"
    title = "Not allowed for this role"


class Unauthenticated(Problem):
    """Not signed in, or the session is over."""

    status = 401
    slug = "unauthenticated"
    title = "Sign in first"


class TooMany(Problem):
    """Rate limit that was reached; try later."""

    status = 429
    slug = "too-many-requests"
    title = "Too many requests"


class Unavailable(Problem):
    """Something the answer depends on is out of reach; nothing was changed."""

    status = 503
    slug = "unavailable"
    title = "Temporarily unavailable"
