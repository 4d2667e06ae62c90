"""Requests about bridges."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from ari_app.ari.model import Bridge
from ari_app.ari.rest import Query, RequestKind, RestTransport

BridgeType = Literal["mixing", "holding", "dtmf_events", "proxy_media", "video_sfu", "video_single", "sdp_label"]
Role = Literal["participant", "announcer"]

LIST = RequestKind("GET", "/bridges")
CREATE = RequestKind("POST", "/bridges", ("type", "bridgeId", "name"))
DESTROY = RequestKind("DELETE", "/bridges/{bridgeId}")
ADD = RequestKind(
    "POST",
    "/bridges/{bridgeId}/addChannel",
    ("channel", "role", "absorbDTMF", "mute", "inhibitConnectedLineUpdates"),
)
REMOVE = RequestKind("POST", "/bridges/{bridgeId}/removeChannel", ("channel",))
START_MUSIC = RequestKind("POST", "/bridges/{bridgeId}/moh", ("mohClass",))
STOP_MUSIC = RequestKind("DELETE", "/bridges/{bridgeId}/moh")

_bridge = msgspec.json.Decoder(Bridge).decode
_bridges = msgspec.json.Decoder(list[Bridge]).decode


class BridgeRequests(RestTransport):
    """Requests about bridges.

    Every method with a bridge's id raises `AriNotFound` where the bridge is gone.
    """

    async def bridges(self) -> list[Bridge]:
        """Return every bridge of this Asterisk, ours or not."""
        return _bridges(await self.send(LIST))

    async def create_bridge(
        self, bridge_id: str, *, types: Sequence[BridgeType] = ("mixing",), name: str | None = None
    ) -> Bridge:
        """Create a bridge with this id.

        Raises:
            AriConflict: a bridge of this id exists: an earlier attempt succeeded, and its response was lost.
        """
        return _bridge(await self.send(CREATE, query={"type": types, "bridgeId": bridge_id, "name": name}))

    async def destroy_bridge(self, bridge_id: str) -> None:
        """End a bridge; its channels stay with us.

        Raises:
            AriNotFound: it is gone already.
        """
        await self.send(DESTROY, bridge_id)

    async def add_to_bridge(
        self,
        bridge_id: str,
        channel_ids: Sequence[str],
        *,
        role: Role | None = None,
        mute: bool | None = None,
        absorb_dtmf: bool | None = None,
        inhibit_connected_line_updates: bool | None = None,
    ) -> None:
        """Move channels into a bridge, out of any other.

        The request waits for a playback on a channel, so stop it before.

        In a holding bridge participants hear music and an announcer is heard by all. `mute` hides their
        audio from the others, `absorb_dtmf` their keys; `inhibit_connected_line_updates` hides the other party from
        their phones.

        Raises:
            AriNotFound: the bridge or one of the channels is gone.
            NotInStasis: one of the channels is not (yet) in our application.
        """
        query: Query = {
            "channel": channel_ids,
            "role": role,
            "absorbDTMF": absorb_dtmf,
            "mute": mute,
            "inhibitConnectedLineUpdates": inhibit_connected_line_updates,
        }
        await self.send(ADD, bridge_id, query=query)

    async def remove_from_bridge(self, bridge_id: str, channel_ids: Sequence[str]) -> None:
        """Take channels out of a bridge; they stay with us.

        Raises:
            AriInvalid: one of them is not in this bridge.
        """
        await self.send(REMOVE, bridge_id, query={"channel": channel_ids})

    async def start_bridge_music(self, bridge_id: str, music_class: str | None = None) -> None:
        """Play music on hold to a bridge."""
        await self.send(START_MUSIC, bridge_id, query={"mohClass": music_class})

    async def stop_bridge_music(self, bridge_id: str) -> None:
        """End what `start_bridge_music` began."""
        await self.send(STOP_MUSIC, bridge_id)
