"""Process of the service: logs, event loop, signals."""

import asyncio
import contextlib
import gc
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any

import structlog
import uvloop

from ari_app.runtime import logs
from ari_app.runtime.bootstrap import Service
from ari_app.runtime.last_good import FOLDER, LastGood, start_with_last_good
from ari_app.runtime.node_lease import NodeTaken
from ari_app.runtime.surroundings import check_folders, require_folder, require_folders
from ari_app.settings import Settings
from ari_app.web.openapi import describe
from foundation.problems import Problem

SWITCH_S = 0.0005
"""How long a thread that did SQLite's work waits for a busy loop: several times for every write, while others queue."""

COLLECTED_AFTER = 10_000, 20, 20
"""Objects until rubbish is looked for: a call makes thousands, and nearly all go without being looked for."""

log = structlog.get_logger()


def check(settings: Settings) -> None:
    """Create the service without starting it, to check code, settings and flows.

    Raises:
        Problem: a flow, a queue or a notice has errors, or a folder is missing.
    """
    asyncio.run(_put_together(settings))
    check_folders(settings)


def description(settings: Settings) -> dict[str, Any]:
    """Return the API's description, OpenAPI 3.1, as the service would serve it.

    Raises:
        Problem: a flow, a queue or a notice has errors.
    """
    return describe(asyncio.run(_put_together(settings)).web.routes)


async def _put_together(settings: Settings) -> Service:
    return _with_callflows(settings, settings.callflows)


def _with_callflows(settings: Settings, callflows: Path) -> Service:
    require_folder("callflows", callflows)
    return Service(settings.model_copy(update={"callflows": callflows}))


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT."""
    require_folders(settings)
    service, watch = start_with_last_good(
        settings.callflows,
        LastGood(settings.spool / FOLDER),
        partial(_with_callflows, settings),
    )
    service.watch_configuration(watch)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, service.stop_requested.set)
    async with contextlib.AsyncExitStack() as cleanup:
        cleanup.push_async_callback(service.aclose)
        try:
            await service.start()
        except NodeTaken as error:
            log.error("hotline_refused", reason=str(error))  # noqa: TRY400 - the message says all
            raise SystemExit(1) from error
        # What lives as long as the process is not looked through again: that stalls every call for a fifth of a second.
        gc.freeze()
        gc.set_threshold(*COLLECTED_AFTER)
        log.info("hotline_started", node=settings.node, http_port=settings.http_port)
        await service.stop_requested.wait()
        log.info("hotline_stopping")


def run(settings: Settings) -> None:
    """Serve until a signal, with logs as JSON lines."""
    sys.setswitchinterval(SWITCH_S)
    logs.configure("service")
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(settings))
    except Problem as problem:
        # A flow has errors, a server or a folder is not there: nothing that a traceback would explain.
        log.error("hotline_refused", reason="\n".join(problem.lines()))  # noqa: TRY400 - the message says all
        raise SystemExit(2) from problem
