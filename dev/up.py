"""`hotline up`: the whole hotline in `.runtime/run`, until Ctrl-C."""

import os
import signal
import socket
from collections.abc import Mapping
from pathlib import Path

from dev import console
from dev.asterisk import AsteriskAddress
from dev.given import digest, web_port
from dev.last_run import RUN
from dev.ownership import Ownership
from dev.paths import ASTERISK_SITE
from dev.ports import free_port, preferred_port
from dev.processes import AdoptedProcess
from dev.stack import SAMPLE_PASSWORD, Stack, sample_phones
from dev.terminal import say
from foundation.process_identity import ProcessIdentity

ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def up(given: Mapping[str, str]) -> None:
    """Start everything in `.runtime/run`, print its addresses, and end it on Ctrl-C.

    A terminal that is closed, or SIGHUP, ends it in the same order. New code is loaded by SIGHUP to the supervisor.

    Processes that an earlier run left (it was killed) are taken over where they use the same servers and settings, else
    ended. `given` are settings without the prefix.

    Raises:
        ProcessFailed: another run owns the folder, or a part did not start.
    """
    ownership = Ownership(RUN)
    ownership.take()
    try:
        stack = _owned_stack(ownership, given)
        for number in ENDS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` wants it
                signal.signal(number, stack.ask_to_stop)
        try:
            stack.start()
            stack.start_watchdog()
            _announce(stack)
            stack.watch()
        finally:
            stack.stop()
    finally:
        ownership.release()


def _owned_stack(ownership: Ownership, given: Mapping[str, str]) -> Stack:
    """Return the stack of `.runtime/run`, with processes of an earlier run."""
    earlier = ownership.earlier
    left = earlier.running() if earlier is not None else {}
    servers = {name: os.environ.get(name, "") for name in ("REDIS_URL", "DATABASE_URL")} | {"settings": digest(given)}
    if earlier is not None and left and earlier.addresses.get("servers") == servers:
        ports = earlier.addresses["ports"]
    else:
        _end_earlier(left)
        left = {}
        ports = {
            "http_port": preferred_port(8088),
            "sip_port": preferred_port(5060, socket.SOCK_DGRAM),
            "ami_port": preferred_port(5038),
            "events_port": preferred_port(8089),
            "web": web_port(given),
            "redis": free_port(),
        }
    asterisk = AsteriskAddress(
        **{name: port for name, port in ports.items() if name.endswith("_port")},
        state=RUN / "asterisk",
        hotline_number=given.get("HOTLINE_NUMBER", AsteriskAddress.hotline_number),
    )
    stack = Stack(
        RUN,
        asterisk,
        ports["web"],
        pjsip=sample_phones(given.get("SAMPLE_PASSWORD", SAMPLE_PASSWORD)),
        site=ASTERISK_SITE,
        settings=given,
        supervised=True,
        redis_port=ports["redis"],
        console=None if "CONSOLE" in given else _console(),
        note=ownership.note,
        say=_say,
    )
    ownership.record.processes = dict(left)
    ownership.record.addresses = {"url": stack.url, "ports": ports, "servers": servers}
    ownership.record.write(RUN)
    if left:
        stack.take_over(left)
        _say(f"took over from an earlier run: {_named(left)}; they run the code they were started with")
        if (service := left.get("service")) is not None:
            _say(f"kill -HUP {service.process_id} loads the present code")
    return stack


def _console() -> Path | None:
    """Return the built console; None, with a line that says why."""
    _say("building the console's pages; a content that was built before is there at once")
    try:
        return console.build()
    except console.ConsoleUnavailable as problem:
        _say(f"the console's pages are not served: {problem}")
        return None


def _end_earlier(left: Mapping[str, ProcessIdentity]) -> None:
    """End the processes of an earlier run in order."""
    for name in ("watchdog", "service", "asterisk", "redis"):
        if name in left:
            AdoptedProcess(name, left[name], log=RUN / f"{name}.log").stop()
    if left:
        _say(f"ended what an earlier run with other servers had left: {_named(left)}")


def _named(processes: Mapping[str, ProcessIdentity]) -> str:
    return ", ".join(f"{name} (process {one.process_id})" for name, one in processes.items())


def _say(sentence: str) -> None:
    say(f"hotline: {sentence}")


def _announce(stack: Stack) -> None:
    assert stack.service is not None, "started"
    password, supervisor = stack.settings.get("SAMPLE_PASSWORD", SAMPLE_PASSWORD), stack.service.pid
    lines = {
        **({"console": f"{stack.url}/"} if stack.console is not None else {}),
        "API": f"{stack.url}/api/openapi.json",
        "SIP server": f"{stack.at.address}:{stack.at.sip_port} (UDP)",
        "hotline number": stack.at.hotline_number,
        "agents' desks": f"1001 … 1006, password {password}",
        "other accounts": "2001 department, 3001 supervisor, 4001 quality, 9001 administrator, the same password",
        "residents' phones": f"13800000001 … 13800000006, password {password}",
        "supervisor": f"process {supervisor}: kill -HUP {supervisor} loads new code, call flows and queues",
        "logs": str(stack.folder),
    }
    say("\n".join(f"{name:>16}  {value}" for name, value in lines.items()))
