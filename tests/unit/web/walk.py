"""Walk of every route × every role against a running server."""

import re
from collections.abc import Mapping, Sequence

import aiohttp

from foundation.routes import Role, Route

# No key: refused right behind the gate, so that who was let in is seen without anything being carried out.
NO_KEY = "k" * 200
LET_IN = "/problems/malformed"


async def walk(url: str, routes: Sequence[Route], tokens: Mapping[Role, str]) -> list[str]:
    """Return the routes that admit or refuse a wrong role.

    `tokens` holds a session's token for every role.
    """
    wrong = []
    async with aiohttp.ClientSession(url, cookie_jar=aiohttp.DummyCookieJar()) as http:
        for route in routes:
            for role, token in [(None, None), *tokens.items()]:
                expected = _expected(route, role)
                found = await _answer(http, route, token)
                if found != expected:
                    who = role or "nobody signed in"
                    wrong.append(f"{route.method} {route.path} as {who}: {found} instead of {expected}")
    return wrong


def _expected(route: Route, role: Role | None) -> tuple[int, str]:
    if route.public:
        return 400, LET_IN
    if role is None:
        return 401, "/problems/unauthenticated"
    return (400, LET_IN) if role in route.roles else (403, "/problems/forbidden")


async def _answer(http: aiohttp.ClientSession, route: Route, token: str | None) -> tuple[int, str]:
    headers = {"Idempotency-Key": NO_KEY}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    path = re.sub(r"{\w+}", "x", route.path)
    async with http.request(route.method, path, headers=headers) as answer:
        body = await answer.json(content_type=None)
        return answer.status, body["type"] if isinstance(body, dict) and "type" in body else "no problem"
