"""Requests about Asterisk itself: who it is, our application, phones, and objects that configure it."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from ari_app.ari.errors import AriNoResponse, AriNotReady
from ari_app.ari.model import AsteriskInfo, ConfigTuple, Endpoint, Ping, Variable, moment
from ari_app.ari.rest import Call, Rest

PING = Call("GET", "/asterisk/ping")
INFO = Call("GET", "/asterisk/info")
RELOAD = Call("PUT", "/asterisk/modules/{moduleName}")
GET_GLOBAL = Call("GET", "/asterisk/variable", ("variable",))
SET_GLOBAL = Call("POST", "/asterisk/variable", ("variable", "value"))
FILTER = Call("PUT", "/applications/{applicationName}/eventFilter", body="filter")
GET_DYNAMIC = Call("GET", "/asterisk/config/dynamic/{configClass}/{objectType}/{id}")
PUT_DYNAMIC = Call("PUT", "/asterisk/config/dynamic/{configClass}/{objectType}/{id}", body="fields")
DELETE_DYNAMIC = Call("DELETE", "/asterisk/config/dynamic/{configClass}/{objectType}/{id}")
ENDPOINT = Call("GET", "/endpoints/{tech}/{resource}")
READY_POLL_S = 0.1
CONNECTIONS_MODULE = "res_ari.so"
"""Whose configuration names the outbound connections."""

UNUSED_EVENTS = ("ChannelVarset", "ChannelDialplan", "ChannelUserevent", "BridgeVideoSourceChanged")
"""What Asterisk should not even send: with a busy dialplan, most of all events."""

STEPS_BETWEEN = (
    "BridgeCreated",
    "BridgeDestroyed",
    "ChannelCallerId",
    "ChannelConnectedLine",
    "ChannelCreated",
    "ChannelEnteredBridge",
    "ChannelLeftBridge",
    "ChannelStateChange",
    "Dial",
    "PlaybackStarted",
)
"""What lies between the events that a call waits for. Half of all it would be sent, each with a whole channel in it."""

_ping = msgspec.json.Decoder(Ping).decode
_info = msgspec.json.Decoder(AsteriskInfo).decode
_variable = msgspec.json.Decoder(Variable).decode
_settings = msgspec.json.Decoder(list[ConfigTuple]).decode
_endpoint = msgspec.json.Decoder(Endpoint).decode


class ServerCalls(Rest):
    """What can be asked of Asterisk as a whole."""

    async def ping(self) -> Ping:
        """Whether it answers."""
        return _ping(await self.send(PING))

    async def started_at(self) -> datetime:
        """When it started: what began before then is gone."""
        return moment((await self.info()).status.startup_time)

    async def reopen_connections(self) -> None:
        """Have Asterisk open the outbound connections of its configuration that it has closed.

        It gives one up for good when its operator says `ari shutdown websocket sessions`.
        """
        await self.send(RELOAD, CONNECTIONS_MODULE)

    async def wait_until_ready(self, timeout_s: float = 60.0) -> None:
        """Wait while Asterisk starts: it connects to us and answers HTTP before it takes requests.

        Raises:
            TimeoutError: it did not come up.
            Refused: it did, and does not know us.
        """
        async with asyncio.timeout(timeout_s):
            while True:
                try:
                    await self.ping()
                except (AriNotReady, AriNoResponse):
                    await asyncio.sleep(READY_POLL_S)
                else:
                    return

    async def info(self) -> AsteriskInfo:
        """Its version, id and start."""
        return _info(await self.send(INFO))

    async def global_variable(self, name: str) -> str:
        """A global variable; empty where there is none."""
        return _variable(await self.send(GET_GLOBAL, query={"variable": name})).value

    async def set_global_variable(self, name: str, value: str) -> None:
        """Set a global variable."""
        await self.send(SET_GLOBAL, query={"variable": name, "value": value})

    async def filter_events(self, disallow: Iterable[str] = UNUSED_EVENTS) -> None:
        """Keep events by type from being sent; repeat it after every connect, as a new application has none.

        Raises:
            NotRegistered: Asterisk does not know our application.
        """
        disallowed = [{"type": kind} for kind in disallow]
        await self.send(FILTER, self.application, body={"allowed": [], "disallowed": disallowed})

    async def silence_events(self) -> None:
        """Keep every event from being sent, until `filter_events`; for the moment in which a connection is closed.

        Raises:
            NotRegistered: Asterisk does not know our application.
        """
        nothing = [{"type": "ApplicationRegistered"}]
        await self.send(FILTER, self.application, body={"allowed": nothing, "disallowed": []})

    async def dynamic(self, config_class: str, object_type: str, object_id: str) -> dict[str, str]:
        """The settings of an object that was made over ARI.

        Raises:
            NotFound: there is none.
        """
        answer = _settings(await self.send(GET_DYNAMIC, config_class, object_type, object_id))
        return {setting.attribute: setting.value for setting in answer}

    async def put_dynamic(
        self, config_class: str, object_type: str, object_id: str, fields: Mapping[str, str]
    ) -> dict[str, str]:
        """Make or change an object; a change is complete, never field by field for a reader.

        Raises:
            Refused: a setting makes no sense, or these objects cannot be made over ARI.
            NotFound: there is no such type of objects.
        """
        body = {"fields": [{"attribute": attribute, "value": value} for attribute, value in fields.items()]}
        answer = _settings(await self.send(PUT_DYNAMIC, config_class, object_type, object_id, body=body))
        return {setting.attribute: setting.value for setting in answer}

    async def delete_dynamic(self, config_class: str, object_type: str, object_id: str) -> None:
        """Delete an object.

        Raises:
            NotFound: there is none.
        """
        await self.send(DELETE_DYNAMIC, config_class, object_type, object_id)

    async def endpoint(self, technology: str, resource: str) -> Endpoint:
        """One phone or trunk.

        Raises:
            NotFound: there is none.
        """
        return _endpoint(await self.send(ENDPOINT, technology, resource))
