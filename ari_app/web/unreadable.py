"""Requests that are no HTTP, or whose first lines are too long: refused like any other, before there is a request."""

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong

from ari_app.desk.errors import Malformed
from ari_app.web.responses import problem_response, set_headers


class WebRunner(web.AppRunner):
    """Runs the application on connections whose refusals are problem details.

    aiohttp itself would answer in plain text, and log a traceback for what anybody can send.
    """

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(made.request_handler, request_factory=made.request_factory, **self._kwargs)


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Connection(web.RequestHandler):
    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what could not be read; what broke on our side stays aiohttp's to tell."""
        if status >= 500 or request.writer.output_size > 0:
            return super().handle_error(request, status, exc, message)
        is_long = isinstance(exc, LineTooLong)
        rule = "Its address or a header is longer than 8190 bytes." if is_long else "It is no HTTP request."
        response = problem_response(Malformed(rule))
        set_headers(response)
        response.force_close()
        return response
