"""Deferred work: carried out after the database is back, with a notice."""

from ari_app.calls.record_keeping import DEFERRED_RECORD
from ari_app.desk.hub import Hub
from ari_app.desk.model import Notice, NoticeLevel
from ari_app.runtime.desk_handler import WATCHERS
from ari_app.runtime.operation_notices import REQUEST_REFUSED, REQUEST_STORED
from ari_app.web.deferred_requests import KIND as DEFERRED_REQUEST
from ari_app.web.server import WebServer
from crm.history.model import CallRecordView
from crm.history.service import HistoryService
from foundation.spool import Spool, Spooled


class DeferredFiling:
    """Handlers of the spool."""

    def __init__(self, spool: Spool, web: WebServer, hub: Hub, history: HistoryService) -> None:
        self._spool = spool
        self._web = web
        self._hub = hub
        self._history = history

    async def run(self) -> None:
        """Carry out deferred work, until cancelled."""
        await self._spool.run({DEFERRED_REQUEST: self._request, DEFERRED_RECORD: self._record}, self._refused)

    async def _request(self, stored: Spooled) -> None:
        await self._web.carry_out(stored)
        await self._hub.send(stored.owner, Notice(level=NoticeLevel.INFO, text=REQUEST_STORED))

    async def _record(self, stored: Spooled) -> None:
        await self._history.record_call(CallRecordView.model_validate_json(bytes(stored.content)))

    async def _refused(self, stored: Spooled) -> None:
        notice = Notice(level=NoticeLevel.ALARM, text=REQUEST_REFUSED)
        if stored.owner:
            await self._hub.send(stored.owner, notice)
        await self._hub.broadcast(WATCHERS, notice)
