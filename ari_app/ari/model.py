"""Asterisk's objects as ARI describes them.

Only ids are required: a field that a version leaves out costs no event.
"""

from datetime import datetime

import msgspec


class Model(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A snapshot of one of Asterisk's objects, never changed by us.

    Decoded trees cannot form circles, so the garbage collector need not look at them (`gc=False`).
    """


class CallerId(Model, frozen=True, kw_only=True):
    """A caller's name and number, as the network gave them.

    They are outside strings, possibly empty.
    """

    name: str = ""
    number: str = ""


class DialplanPosition(Model, frozen=True, kw_only=True):
    """A channel's position in the dialplan."""

    context: str = ""
    exten: str = ""
    priority: int = 0
    app_name: str = ""
    app_data: str = ""


class Channel(Model, frozen=True, kw_only=True):
    """One leg of a call."""

    id: str
    name: str = ""
    state: str = ""
    caller: CallerId = CallerId()
    connected: CallerId = CallerId()
    accountcode: str = ""
    dialplan: DialplanPosition = DialplanPosition()
    creationtime: str = ""
    language: str = ""
    protocol_id: str = ""
    """SIP's Call-ID, which joins our records with a carrier's."""
    channelvars: dict[str, str] = {}
    caller_rdnis: str = ""
    """The number this call was diverted from."""

    @property
    def up(self) -> bool:
        """Tell whether the channel is answered, with audio both ways."""
        return self.state == "Up"

    def stasis_arguments(self, application: str) -> list[str] | None:
        """Return the arguments of the channel's entry into the application.

        None where it is not in that application.

        The only thing that tells our channels from others after we were away: an application's own `channel_ids`
        also name the far halves of Local channels.
        """
        if self.dialplan.app_name != "Stasis":
            return None
        name, *arguments = self.dialplan.app_data.split(",")
        return arguments if name == application else None


class RtpStatistics(Model, frozen=True, kw_only=True):
    """RTP packets of one channel since its media began."""

    rxcount: int = 0
    txcount: int = 0


class Bridge(Model, frozen=True, kw_only=True):
    """Channels that hear each other, or wait together."""

    id: str
    technology: str = ""
    bridge_type: str = ""
    bridge_class: str = ""
    creator: str = ""
    name: str = ""
    channels: list[str] = []
    creationtime: str = ""


class Playback(Model, frozen=True, kw_only=True):
    """Media being played to a channel or bridge."""

    id: str
    media_uri: str = ""
    target_uri: str = ""
    """`channel:ID` or `bridge:ID`."""
    language: str = ""
    state: str = ""
    """`queued`, `playing`, `continuing`, `done` or `failed`; an end is only good where it is `done`."""

    @property
    def failed(self) -> bool:
        return self.state == "failed"


class LiveRecording(Model, frozen=True, kw_only=True):
    """A recording that ARI is making."""

    name: str
    format: str = ""
    target_uri: str = ""
    state: str = ""
    duration: int | None = None
    """Whole seconds."""
    talking_duration: int | None = None
    silence_duration: int | None = None
    cause: str = ""
    """Why it failed."""


class Endpoint(Model, frozen=True, kw_only=True):
    """A phone or trunk."""

    technology: str
    resource: str
    state: str = ""
    """`online`, `offline` or `unknown`."""
    channel_ids: list[str] = []

    @property
    def online(self) -> bool:
        """Tell whether the endpoint can be rung."""
        return self.state == "online"


class SystemInfo(Model, frozen=True, kw_only=True):
    """Version and id of an Asterisk."""

    version: str = ""
    entity_id: str = ""


class StatusInfo(Model, frozen=True, kw_only=True):
    """Start of an Asterisk."""

    startup_time: str = ""
    last_reload_time: str = ""


class ConfigInfo(Model, frozen=True, kw_only=True):
    """Configured name and language of an Asterisk."""

    name: str = ""
    default_language: str = ""


class AsteriskInfo(Model, frozen=True, kw_only=True):
    """Version, start and configuration of an Asterisk.

    Another `status.startup_time` than before: every channel and bridge from before is gone.
    """

    system: SystemInfo = SystemInfo()
    status: StatusInfo = StatusInfo()
    config: ConfigInfo = ConfigInfo()


class Ping(Model, frozen=True, kw_only=True):
    """Response to a ping."""

    asterisk_id: str = ""
    ping: str = ""
    timestamp: str = ""


class Variable(Model, frozen=True, kw_only=True):
    """A variable's value."""

    value: str


class ConfigTuple(Model, frozen=True, kw_only=True):
    """One setting of a dynamic object."""

    attribute: str
    value: str


def moment(timestamp: str) -> datetime:
    """Return the aware time of one of ARI's timestamps.

    Raises:
        ValueError: it is none.
    """
    return datetime.fromisoformat(timestamp)
