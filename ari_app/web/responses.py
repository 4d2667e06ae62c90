"""Responses: errors as problem details, headers for safe browsers, and a measurement."""

import time
from collections.abc import Awaitable, Callable
from functools import partial

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from ari_app.web import metrics
from ari_app.web.errors import Failed
from ari_app.web.problem_texts import ProblemTexts, language_of
from foundation.database import out_of_reach
from foundation.ids import new_id
from foundation.problems import NotFound, Problem, ProblemDetails, Unavailable

log = structlog.get_logger()

PROBLEM_TYPE = "application/problem+json"
STYLE_OF_PAGE = web.ResponseKey("style_of_page", str)
"""Key of the SHA-256 of a page's own style sheet."""
CONNECTS_TO = web.ResponseKey("connects_to", tuple[str, ...])
"""Key of a console page's origins that it connects to beside the own one."""
CLIENT_GONE = 499
"""Status for the metrics only: the client is gone."""
_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_CONSOLE_PERMISSIONS = "microphone=(self), camera=(), geolocation=(), payment=(), usb=()"
_TITLES = {
    400: "The request cannot be read",
    404: "Not found",
    405: "This path does not take this method",
    413: "The body is too large",
    417: "An expectation that cannot be met",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def answering(texts: ProblemTexts) -> Middleware:
    """Return the middleware that turns errors into problem details (RFC 9457)."""

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        started = time.perf_counter()
        response: web.StreamResponse | None = None
        try:
            response = await _response(request, handler, partial(_say, texts, request))
            return response
        finally:
            if response is not None and request.headers.get("Upgrade") is None:
                labels = (_method(request), _route(request), str(response.status))
                metrics.REQUESTS.labels(*labels).observe(time.perf_counter() - started)

    return answer


def _say(texts: ProblemTexts, request: web.Request, problem: Problem) -> web.Response:
    """Return a problem in the language that the request prefers."""
    language = language_of(request.headers.get("Accept-Language", ""))
    response = problem_response(problem, texts.worded(problem.details(), language))
    response.headers["Content-Language"] = language
    return response


async def _response(
    request: web.Request, handler: Handler, say: Callable[[Problem], web.Response]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except Problem as problem:
        return say(problem)
    except web.HTTPException as error:
        return say(NotFound("There is nothing here.")) if error.status == 404 else _refused_by_aiohttp(error)
    except Exception as error:
        if out_of_reach(error):
            log.warning("database_away", method=_method(request), route=_route(request), error=type(error).__name__)
            return say(Unavailable("The database is away; nothing is known to have changed. Try again."))
        if _gone(request):
            log.warning("client_gone", method=_method(request), route=_route(request), error=repr(error))
            return web.Response(status=CLIENT_GONE)
        error_id = new_id("error")
        log.exception("request_failed", error_id=error_id, method=_method(request), route=_route(request))
        return say(Failed(f"Nothing you sent is to blame. Name {error_id} when you report it."))


def problem_response(problem: Problem, details: ProblemDetails | None = None) -> web.Response:
    """Return a problem as a response, with its Retry-After or WWW-Authenticate."""
    response = _as_response(details or problem.details())
    retry_after_s = getattr(problem, "retry_after_s", None)
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(retry_after_s)
    if problem.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Set the headers of every response, errors and files included (S12, S38)."""
    set_headers(response)


def set_headers(response: web.StreamResponse) -> None:
    """Set the headers that restrict what a browser does with a response."""
    page = response.content_type in {"text/html", "image/svg+xml"}
    headers = response.headers
    headers["Server"] = "hotline"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Content-Security-Policy"] = _PAGE_POLICY if page else _DATA_POLICY
    if style := response.get(STYLE_OF_PAGE):
        headers["Content-Security-Policy"] += f"; style-src 'sha256-{style}'"
    connects_to = response.get(CONNECTS_TO)
    if connects_to is not None:
        headers["Content-Security-Policy"] = " ".join((f"{_PAGE_POLICY}; connect-src 'self'", *connects_to))
        headers["Permissions-Policy"] = _CONSOLE_PERMISSIONS
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers.setdefault("Cache-Control", "no-store")


def _as_response(details: ProblemDetails) -> web.Response:
    return web.Response(body=details.model_dump_json(), status=details.status, content_type=PROBLEM_TYPE)


def _refused_by_aiohttp(error: web.HTTPException) -> web.Response:
    title = _TITLES.get(error.status, error.reason)
    details = ProblemDetails(type=f"/problems/http-{error.status}", title=title, status=error.status, detail=title)
    response = _as_response(details)
    if "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    return response


def _gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _route(request: web.Request) -> str:
    """Return the route's pattern: a path itself may hold personal data."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "none"


def _method(request: web.Request) -> str:
    return request.method if request.method in {"GET", "POST", "PUT", "PATCH", "DELETE"} else "other"
