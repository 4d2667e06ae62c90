"""Handlers of aiohttp, made from routes of the table."""

import asyncio
import base64
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

from aiohttp import web
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from ari_app.web.addresses import ClientAddresses
from ari_app.web.auth import RequestGuard, idempotency_key
from ari_app.web.deferred_requests import DeferredRequests
from ari_app.web.errors import BodyTooSlow, Malformed, NotJson
from ari_app.web.files import file_response
from ari_app.web.problem_texts import Language, ProblemTexts, language_of
from ari_app.web.responses import STYLE_OF_PAGE
from ari_app.web.saving import saved
from ari_app.web.session_http import SessionRequest, SetSession
from ari_app.web.uploads import BODY_S, received
from crm.personal_data.serializer import masked
from foundation.acting import acting
from foundation.database import out_of_reach
from foundation.problems import REASON, FieldProblem, Invalid, NotFound, Outcome, broken_rules
from foundation.reader import reading
from foundation.routes import Download, File, Page, Route

_PATH_VALUE = re.compile(r"[^/\\\x00-\x1f\x7f;]{1,128}")
_OF_ONE_FIELD = re.compile(r"([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*)(?:: | (?=must\b))(.+)", re.DOTALL)

AiohttpHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Dispatch:
    """Services that every handler needs."""

    guard: RequestGuard
    addresses: ClientAddresses
    deferred: DeferredRequests
    texts: ProblemTexts


def handler(route: Route, dispatch: Dispatch) -> AiohttpHandler:
    """Return the aiohttp handler of a route."""
    guard = dispatch.guard
    answer = _answering(route)
    lists = frozenset(name for name, one in route.query.model_fields.items() if _takes_several(one.annotation))

    async def handle(request: web.Request) -> web.StreamResponse:
        session = None
        if route.public:
            guard.check_origin(request)
        else:
            session = (await guard.enter(request, route.roles)).session
        key = idempotency_key(request)
        asked = SessionRequest(
            principal=session.principal if session else None,
            path=_path(request.match_info),
            query=_query(request, route.query, lists),
            body=await _body(request, route.body) if route.body is not None else None,
            idempotency_key=key if route.once else None,
            address=dispatch.addresses.client(request),
            session=session,
        )
        try:
            with acting(asked.principal), reading(_reader(request)):
                result = await _handled(request, route, asked)
        except Exception as error:
            if not route.deferrable or not out_of_reach(error):
                raise
            deferred = await dispatch.deferred.defer(route, asked)
            return web.Response(status=202, text=deferred.model_dump_json(), content_type="application/json")
        if not isinstance(result, SetSession):
            language = language_of(request.headers.get("Accept-Language", ""))
            seen = masked(result, session.principal.role if session else None)
            response = await answer(_worded(seen, dispatch.texts, language))
            return saved(request, route, response)
        response = await answer(result.body)
        guard.remember(response, result.token, guard.sessions.longest_s)
        return response

    return handle


def _reader(request: web.Request) -> Language:
    """Return the reader's language; Chinese for a client that names none."""
    header = request.headers.get("Accept-Language", "")
    return language_of(header) if header else "zh"


async def _handled(request: web.Request, route: Route, asked: SessionRequest) -> Any:
    if not route.upload_bytes:
        return await route.handler(asked)
    async with received(request, route.upload_bytes) as upload:
        return await route.handler(replace(asked, body=upload))


def _path(values: Mapping[str, str]) -> dict[str, str]:
    """Return the path parameters: ids, nothing like a path (S6, S8)."""
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
    """Return a refusal with the field and the rule of each fault."""
    return Invalid(detail, [_problem(place, rule[:300], whole) for place, rule in broken_rules(error)[:50]])


def _problem(location: tuple[int | str, ...], rule: str, whole: str) -> FieldProblem:
    """Return one fault, with the field that a model's rule names first."""
    named = _OF_ONE_FIELD.match(rule)
    if named is not None:
        location, rule = (location if named[1] in location[-1:] else (*location, named[1])), named[2]
    return FieldProblem(field=".".join(str(part)[:64] for part in location) or whole, rule=rule)


def _worded(result: Any, texts: ProblemTexts, language: Language) -> Any:
    """Return a result with its problems and reasons in a language."""
    if isinstance(result, list):
        return [_worded(one, texts, language) for one in result]
    if isinstance(result, Outcome):
        problem = result.problem
        return result.model_copy(update={"problem": texts.worded(problem, language)}) if problem is not None else result
    if not isinstance(result, BaseModel) or not (names := _with_reasons(type(result))):
        return result
    held = {name: value for name in names if (value := getattr(result, name)) is not None}
    return result.model_copy(
        update={
            name: texts.reason(value, language) if isinstance(value, str) else _worded(value, texts, language)
            for name, value in held.items()
        }
    )


@lru_cache(maxsize=1024)
def _with_reasons(view: type[BaseModel]) -> tuple[str, ...]:
    """Return the fields of a view that hold reasons."""

    def has(field: FieldInfo) -> bool:
        parts = get_args(field.annotation) if get_origin(field.annotation) is list else ()
        return REASON in field.metadata or any(
            isinstance(part, type) and issubclass(part, BaseModel) and part is not view and _with_reasons(part)
            for part in parts
        )

    return tuple(name for name, field in view.model_fields.items() if has(field))


def _answering(route: Route) -> Callable[[Any], Awaitable[web.StreamResponse]]:
    if route.response is None:
        return _nothing
    if route.response is File:
        return file_response
    if route.response is Page:
        return _page
    if route.response is Download:
        return _download
    adapter: TypeAdapter[Any] = TypeAdapter(route.response)

    async def json(result: Any) -> web.StreamResponse:
        # Only fields of the declared model leave the service; a value that does not fit is a fault of ours (S38).
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


async def _download(result: Download) -> web.StreamResponse:
    headers = {"Content-Disposition": f'attachment; filename="{result.name}"', "Cache-Control": "no-store"}
    return web.Response(body=result.content, content_type=result.media_type, headers=headers)


def _takes_several(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if origin in {Union, UnionType}:
        return any(_takes_several(one) for one in get_args(annotation))
    return origin in {list, set, frozenset, tuple} or annotation in {list, set, frozenset, tuple}
