"""Bytes saved on the way: compression, entity tags of reference lists."""

import hashlib

from aiohttp import web

from foundation.routes import Route

SMALLEST_COMPRESSED = 1024
"""Bytes from which a response is worth compressing."""
_GZIP = "gzip"


def saved(request: web.Request, route: Route, response: web.StreamResponse) -> web.StreamResponse:
    """Return a JSON response compressed, or 304 where the client has it."""
    if not isinstance(response, web.Response) or response.content_type != "application/json":
        return response
    body = response.body
    if not isinstance(body, bytes) or response.status != 200:
        return response
    if route.revalidated:
        response = _tagged(request, response, body)
    if response.status == 200 and len(body) > SMALLEST_COMPRESSED and takes_gzip(request):
        response.enable_compression(web.ContentCoding.gzip)
        response.headers["Vary"] = "Accept-Encoding"
    return response


def takes_gzip(request: web.Request) -> bool:
    """Return whether the client takes gzip."""
    for one in request.headers.get("Accept-Encoding", "").lower().split(","):
        name, _, quality = one.partition(";")
        if name.strip() == _GZIP:
            return quality.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def has_tag(header: str, etag: str) -> bool:
    """Return whether an If-None-Match names this tag."""
    return any(one.strip().removeprefix("W/") in {etag, "*"} for one in header.split(","))


def _tagged(request: web.Request, response: web.Response, body: bytes) -> web.Response:
    # Of the body as this role sees it: who may see less has another tag.
    etag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    if has_tag(request.headers.get("If-None-Match", ""), etag):
        response = web.Response(status=304)
    # The client stores it and asks each time whether it still holds; shared caches store nothing.
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["ETag"] = f"W/{etag}"
    return response
