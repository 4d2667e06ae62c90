"""The two sides of a comparison; the peer is `app_queue`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from dev.asterisk import Asterisk, free_address

NUMBER = "96001"
QUEUE = "bench"

TRUNK = """
[trunk]
type = endpoint
context = {context}
disallow = all
allow = ulaw
direct_media = no
aors = trunk

[trunk]
type = aor
contact = sip:127.0.0.1:{callers_port}

[trunk]
type = identify
endpoint = trunk
match = 127.0.0.1
"""

AGENT = """
[{agent}]
type = endpoint
context = agents
disallow = all
allow = ulaw
direct_media = no
aors = {agent}

[{agent}]
type = aor
contact = sip:{agent}@127.0.0.1:{agents_port}
"""

QUEUE_SETTINGS = f"""
[{QUEUE}]
strategy = leastrecent
retry = 1
autofill = yes
ringinuse = no
timeout = 15
wrapuptime = 0
announce-position = no
announce-holdtime = no
"""

# Without `i`, Answer() waits up to 500 ms for media: the comparison would be false in our favour.
DIALPLAN = f"""
[native]
exten => {NUMBER},1,Answer(,i)
{{recording}} same => n,Queue({QUEUE})
 same => n,Hangup()

[agents]
exten => _a.,1,Dial(PJSIP/${{{{EXTEN}}}})
 same => n,Hangup()
"""
RECORDING = " same => n,MixMonitor(,r(${UNIQUEID}-caller.wav)t(${UNIQUEID}-agent.wav))\n"


class System(Protocol):
    """A hotline, with `NUMBER` for callers and phones for agents."""

    name: str

    @property
    def sip(self) -> tuple[str, int]:
        """Return the address of its SIP."""

    async def start(self, agents: Sequence[str], *, callers_port: int, agents_port: int) -> None:
        """Start it with these agents signed in and ready."""

    def pids(self) -> dict[str, int]:
        """Its processes by name, for their CPU time."""

    async def stop(self) -> None:
        """End all of it."""


class NativeSystem:
    """Asterisk alone, with `app_queue` and static members."""

    def __init__(self, folder: Path, *, recording: bool = False) -> None:
        self.name = "app_queue with MixMonitor" if recording else "app_queue"
        self._recording = recording
        self.at = free_address(folder / ("native-recording" if recording else "native"))
        self._asterisk: PlainAsterisk | None = None

    @property
    def sip(self) -> tuple[str, int]:
        return self.at.address, self.at.sip_port

    async def start(self, agents: Sequence[str], *, callers_port: int, agents_port: int) -> None:
        members = "".join(f"member => PJSIP/{agent}\n" for agent in agents)
        self._asterisk = PlainAsterisk(
            self.at,
            pjsip={"bench": phones("native", agents, callers_port=callers_port, agents_port=agents_port)},
            extensions={"bench": DIALPLAN.format(recording=RECORDING if self._recording else "")},
            queues={"bench": QUEUE_SETTINGS + members},
        )
        self._asterisk.start()

    def pids(self) -> dict[str, int]:
        assert self._asterisk is not None
        assert self._asterisk.process is not None
        return {"asterisk": self._asterisk.process.pid}

    async def stop(self) -> None:
        if self._asterisk is not None:
            self._asterisk.stop()


class PlainAsterisk(Asterisk):
    """Return Asterisk as shipped, without its outbound event WebSocket."""

    def write_configuration(self) -> Path:
        folder = super().write_configuration()
        (folder / "websocket_client.conf").write_text("")
        (folder / "ari.conf").write_text("[general]\nenabled = no\n")
        return folder


def phones(context: str, agents: Sequence[str], *, callers_port: int, agents_port: int) -> str:
    """Return a trunk for callers and one endpoint per agent.

    All of them are on the load's two ports.
    """
    return TRUNK.format(context=context, callers_port=callers_port) + "".join(
        AGENT.format(agent=agent, agents_port=agents_port) for agent in agents
    )
