"""Turns a route of the table into an aiohttp handler: who may, what was sent, and what goes back."""

import asyncio
import base64
import hashlib
import os
import re
import stat
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin
from urllib.parse import quote

from aiohttp import web
from pydantic import BaseModel, TypeAdapter, ValidationError

from ari_app.desk.errors import BodyTooSlow, Malformed, NotJson
from ari_app.web.auth import RequestGuard, idempotency_key
from ari_app.web.deferred_requests import DeferredRequests
from ari_app.web.responses import STYLE_OF_PAGE
from ari_app.web.session_http import DeskRequest, SetSession
from ari_app.web.uploads import BODY_S, received
from crm.personal_data.serializer import masked
from foundation.database import out_of_reach
from foundation.problems import FieldProblem, Invalid, NotFound, broken_rules
from foundation.routes import File, Page, Route

_PATH_VALUE = re.compile(r"[^/\\\x00-\x1f\x7f;]{1,128}")
_OF_ONE_FIELD = re.compile(r"([a-z][a-z0-9_]*)(?:: | (?=must\b))(.+)", re.DOTALL)
_SHOWN_INLINE = ("audio/", "image/png", "image/jpeg")

AiohttpHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def handler(route: Route, gate: RequestGuard, keeping: DeferredRequests) -> AiohttpHandler:
    """The aiohttp handler of a route."""
    answer = _answering(route)
    lists = frozenset(name for name, one in route.query.model_fields.items() if _takes_several(one.annotation))

    async def handle(request: web.Request) -> web.StreamResponse:
        session = None
        if route.public:
            gate.check_origin(request)
        else:
            session = (await gate.enter(request, route.roles)).session
        key = idempotency_key(request)
        asked = DeskRequest(
            principal=session.principal if session else None,
            path=_path(request.match_info),
            query=_query(request, route.query, lists),
            body=await _body(request, route.body) if route.body is not None else None,
            idempotency_key=key if route.once else None,
            address=gate.address(request),
            session=session,
        )
        try:
            result = await _handled(request, route, asked)
        except Exception as error:
            if not route.kept or not out_of_reach(error):
                raise
            kept = await keeping.keep(route, asked)
            return web.Response(status=202, text=kept.model_dump_json(), content_type="application/json")
        if not isinstance(result, SetSession):
            return await answer(masked(result, session.principal.role if session else None))
        response = await answer(result.body)
        gate.remember(response, result.token, gate.sessions.longest_s)
        return response

    return handle


async def _handled(request: web.Request, route: Route, asked: DeskRequest) -> Any:
    if not route.upload_bytes:
        return await route.handler(asked)
    async with received(request, route.upload_bytes) as upload:
        return await route.handler(replace(asked, body=upload))


def _path(values: Mapping[str, str]) -> dict[str, str]:
    """Path parameters are ids: nothing that looks like a path gets through (S6, S8)."""
    for value in values.values():
        if not _PATH_VALUE.fullmatch(value) or value in {".", ".."}:
            raise NotFound("There is nothing here.")
    return dict(values)


def _query(request: web.Request, model: type[BaseModel], lists: frozenset[str]) -> BaseModel:
    values: dict[str, Any] = {}
    twice = []
    for name in request.query:
        several = request.query.getall(name)
        values[name] = several if name in lists else several[0]
        if name not in lists and len(several) > 1:
            twice.append(FieldProblem(field=name[:64], rule="must be given once"))
    if twice:
        raise Invalid("The query is not as it should be.", list({one.field: one for one in twice}.values()))
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _invalid("The query is not as it should be.", error, whole="query") from None


async def _body(request: web.Request, model: type[BaseModel]) -> BaseModel:
    try:
        async with asyncio.timeout(BODY_S):
            raw = await request.read()
    except TimeoutError:
        raise BodyTooSlow("Send the body without pauses.") from None
    if raw and request.content_type != "application/json":
        raise NotJson("Send the body as application/json.")
    try:
        return model.model_validate_json(raw or b"{}")
    except ValidationError as error:
        if any(one["type"] == "json_invalid" for one in error.errors(include_input=False, include_context=False)):
            raise Malformed("The body is not valid JSON.") from None
        raise _invalid("The body is not as it should be.", error, whole="body") from None


def _invalid(detail: str, error: ValidationError, *, whole: str) -> Invalid:
    """Field and rule of everything that is wrong."""
    return Invalid(detail, [_problem(place, rule[:300], whole) for place, rule in broken_rules(error)[:50]])


def _problem(location: tuple[int | str, ...], rule: str, whole: str) -> FieldProblem:
    """A rule for several fields of a model begins with the name of the one that breaks it."""
    told = _OF_ONE_FIELD.match(rule)
    if told is not None:
        location, rule = (location if told[1] in location[-1:] else (*location, told[1])), told[2]
    return FieldProblem(field=".".join(str(part)[:64] for part in location) or whole, rule=rule)


def _answering(route: Route) -> Callable[[Any], Awaitable[web.StreamResponse]]:
    if route.response is None:
        return _nothing
    if route.response is File:
        return _file
    if route.response is Page:
        return _page
    adapter: TypeAdapter[Any] = TypeAdapter(route.response)

    async def json(result: Any) -> web.StreamResponse:
        # Only what the declared model has leaves the house; anything else is a fault of ours, not an answer (S38).
        body = adapter.dump_json(result, warnings="error")
        return web.Response(body=body, status=route.status, content_type="application/json")

    return json


async def _nothing(_result: Any) -> web.StreamResponse:
    return web.Response(status=204)


async def _page(result: Page) -> web.StreamResponse:
    response = web.Response(text=result.text, content_type=result.media_type, charset="utf-8")
    if result.style:
        response[STYLE_OF_PAGE] = base64.b64encode(hashlib.sha256(result.style.encode()).digest()).decode()
    return response


async def _file(result: File) -> web.StreamResponse:
    if not await asyncio.to_thread(_is_plain, result.path):
        raise NotFound("The file is not there.")
    shown = "inline" if result.media_type.startswith(_SHOWN_INLINE) else "attachment"
    headers = {
        "Content-Type": result.media_type,
        "Content-Disposition": f"{shown}; filename*=UTF-8''{quote(result.name, safe='')}",
    }
    return _PlainFile(result.path, headers=headers)


class _PlainFile(web.FileResponse):
    """The very file: aiohttp by itself would follow links, and prefer a compressed file that lies beside it (S6)."""

    def _get_file_path_stat_encoding(self, _accept_encoding: str) -> tuple[Path | None, os.stat_result, str | None]:
        found = self._path.lstat()
        return (self._path if stat.S_ISREG(found.st_mode) else None), found, None


def _is_plain(path: Path) -> bool:
    """A link in a spool could lead anywhere (S6)."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _takes_several(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if origin in {Union, UnionType}:
        return any(_takes_several(one) for one in get_args(annotation))
    return origin in {list, set, frozenset, tuple} or annotation in {list, set, frozenset, tuple}
