"""What was kept while the database was away, carried out when it is back, and whom to tell."""

from ari_app.calls.call import KEPT_RECORD
from ari_app.desk.hub import Hub
from ari_app.desk.model import Notice, SpokenWording
from ari_app.runtime.desk_handler import WATCHERS
from ari_app.web.deferred_requests import KIND as KEPT_REQUEST
from ari_app.web.server import WebServer
from crm.history.model import CallRecordView
from crm.history.service import HistoryService
from foundation.spool import Spool, Spooled


class DeferredFiling:
    """The spool's handlers."""

    def __init__(self, spool: Spool, desk: WebServer, hub: Hub, history: HistoryService) -> None:
        self._spool = spool
        self._desk = desk
        self._hub = hub
        self._history = history

    async def run(self) -> None:
        """Carry out what is kept, until cancelled."""
        await self._spool.run({KEPT_REQUEST: self._request, KEPT_RECORD: self._record}, self._refused)

    async def _request(self, kept: Spooled) -> None:
        await self._desk.carry_out(kept)
        words = SpokenWording(zh="数据库恢复，您暂存的内容已提交", en="The database is back: what you filed is stored")
        await self._hub.send(kept.owner, Notice(level="info", text=words))

    async def _record(self, kept: Spooled) -> None:
        await self._history.record_call(CallRecordView.model_validate_json(bytes(kept.content)))

    async def _refused(self, kept: Spooled) -> None:
        words = SpokenWording(
            zh=f"暂存内容未能提交：{kept.error}", en=f"What was kept could not be stored: {kept.error}"
        )
        notice = Notice(level="alarm", text=words)
        if kept.owner:
            await self._hub.send(kept.owner, notice)
        await self._hub.broadcast(WATCHERS, notice)
