"""Requests about Asterisk itself, our application and its configuration."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from ari_app.ari.errors import AriNoResponse, AriNotReady
from ari_app.ari.model import AsteriskInfo, ConfigTuple, Endpoint, Ping, Variable, moment
from ari_app.ari.rest import RequestKind, RestTransport

PING = RequestKind("GET", "/asterisk/ping")
INFO = RequestKind("GET", "/asterisk/info")
RELOAD = RequestKind("PUT", "/asterisk/modules/{moduleName}")
GET_GLOBAL = RequestKind("GET", "/asterisk/variable", ("variable",))
SET_GLOBAL = RequestKind("POST", "/asterisk/variable", ("variable", "value"))
FILTER = RequestKind("PUT", "/applications/{applicationName}/eventFilter", body="filter")
GET_DYNAMIC = RequestKind("GET", "/asterisk/config/dynamic/{configClass}/{objectType}/{id}")
PUT_DYNAMIC = RequestKind("PUT", "/asterisk/config/dynamic/{configClass}/{objectType}/{id}", body="fields")
DELETE_DYNAMIC = RequestKind("DELETE", "/asterisk/config/dynamic/{configClass}/{objectType}/{id}")
ENDPOINTS = RequestKind("GET", "/endpoints/{tech}")
ENDPOINT = RequestKind("GET", "/endpoints/{tech}/{resource}")
READY_POLL_S = 0.1
CONNECTIONS_MODULE = "res_ari.so"
"""The module with the configuration of outbound connections."""

UNUSED_EVENTS = ("ChannelVarset", "ChannelDialplan", "ChannelUserevent", "BridgeVideoSourceChanged")
"""Event types that Asterisk does not send: with a busy dialplan, most of all events."""

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
"""Event types between those that a call waits for: half of all, each with a whole channel in it."""

_ping = msgspec.json.Decoder(Ping).decode
_info = msgspec.json.Decoder(AsteriskInfo).decode
_variable = msgspec.json.Decoder(Variable).decode
_settings = msgspec.json.Decoder(list[ConfigTuple]).decode
_endpoint = msgspec.json.Decoder(Endpoint).decode
_endpoints = msgspec.json.Decoder(list[Endpoint]).decode


class ServerRequests(RestTransport):
    """Requests about Asterisk as a whole."""

    async def ping(self) -> Ping:
        """Ask for any response."""
        return _ping(await self.send(PING))

    async def started_at(self) -> datetime:
        """Return the time of Asterisk's start.

        Channels and bridges from before it are gone.
        """
        return moment((await self.info()).status.startup_time)

    async def reopen_connections(self) -> None:
        """Have Asterisk reopen the outbound connections that it closed.

        It gives one up for good when its operator says `ari shutdown websocket sessions`.
        """
        await self.send(RELOAD, CONNECTIONS_MODULE)

    async def wait_until_ready(self, timeout_s: float = 60.0) -> None:
        """Wait until Asterisk has started.

        It connects to us and answers HTTP before it takes requests.

        Raises:
            TimeoutError: it did not start.
            AriRefused: it did, and does not know us.
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
        """Return Asterisk's version, id and start."""
        return _info(await self.send(INFO))

    async def global_variable(self, name: str) -> str:
        """Return a global variable; empty where there is none."""
        return _variable(await self.send(GET_GLOBAL, query={"variable": name})).value

    async def set_global_variable(self, name: str, value: str) -> None:
        """Set a global variable."""
        await self.send(SET_GLOBAL, query={"variable": name, "value": value})

    async def filter_events(self, disallow: Iterable[str] = UNUSED_EVENTS) -> None:
        """Stop events of some types.

        Repeat it after every connect, as a new application has no filter.

        Raises:
            NotRegistered: Asterisk does not know our application.
        """
        disallowed = [{"type": kind} for kind in disallow]
        await self.send(FILTER, self.application, body={"allowed": [], "disallowed": disallowed})

    async def silence_events(self) -> None:
        """Stop all events until `filter_events`.

        For the moment in which a connection is closed.

        Raises:
            NotRegistered: Asterisk does not know our application.
        """
        nothing = [{"type": "ApplicationRegistered"}]
        await self.send(FILTER, self.application, body={"allowed": nothing, "disallowed": []})

    async def dynamic(self, config_class: str, object_type: str, object_id: str) -> dict[str, str]:
        """Return the settings of an object that was created over ARI.

        Raises:
            AriNotFound: there is none.
        """
        answer = _settings(await self.send(GET_DYNAMIC, config_class, object_type, object_id))
        return {setting.attribute: setting.value for setting in answer}

    async def put_dynamic(
        self, config_class: str, object_type: str, object_id: str, fields: Mapping[str, str]
    ) -> dict[str, str]:
        """Create or change a configuration object.

        The change is complete: a reader never sees part of it.

        Raises:
            AriRefused: a setting makes no sense, or these objects cannot be made over ARI.
            AriNotFound: there is no such type of objects.
        """
        body = {"fields": [{"attribute": attribute, "value": value} for attribute, value in fields.items()]}
        answer = _settings(await self.send(PUT_DYNAMIC, config_class, object_type, object_id, body=body))
        return {setting.attribute: setting.value for setting in answer}

    async def delete_dynamic(self, config_class: str, object_type: str, object_id: str) -> None:
        """Delete an object.

        Raises:
            AriNotFound: there is none.
        """
        await self.send(DELETE_DYNAMIC, config_class, object_type, object_id)

    async def endpoint(self, technology: str, resource: str) -> Endpoint:
        """Return one phone or trunk.

        Raises:
            AriNotFound: there is none.
        """
        return _endpoint(await self.send(ENDPOINT, technology, resource))

    async def endpoints(self, technology: str) -> list[Endpoint]:
        """Return every phone and trunk of a technology."""
        return _endpoints(await self.send(ENDPOINTS, technology))
