"""The SIP that two kinds of load need: read, answer, ask."""

import re
import uuid
from dataclasses import dataclass

SDP = (
    "v=0\r\no=load 1 1 IN IP4 {address}\r\ns=load\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
    "a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
)


@dataclass(frozen=True)
class Message:
    """One datagram.

    Header names are lower case; all of several Via lines stay.
    """

    first_line: str
    headers: dict[str, str]
    via: tuple[str, ...]
    body: str = ""

    @property
    def media_port(self) -> int | None:
        """Return the other end's audio address from its session description."""
        found = re.search(r"^m=audio (\d+) ", self.body, re.MULTILINE)
        return int(found[1]) if found else None

    @property
    def call_id(self) -> str:
        return self.headers["call-id"]

    @property
    def status(self) -> int:
        """The status of a response; 0 for a request."""
        return int(self.first_line[8:11]) if self.first_line.startswith("SIP/") else 0

    @property
    def method(self) -> str:
        """The request's method, or the one a response answers."""
        return self.headers["cseq"].rpartition(" ")[2]

    @property
    def sequence(self) -> str:
        return self.headers["cseq"].partition(" ")[0]

    @property
    def called_user(self) -> str:
        """The user in the request's address."""
        return self.first_line.partition("sip:")[2].partition("@")[0]

    @property
    def caller_user(self) -> str:
        """Return the From header's user without a country code."""
        return self.headers["from"].partition("sip:")[2].partition("@")[0].removeprefix("+86")

    @property
    def contact(self) -> str:
        found = re.search(r"<([^>]+)>", self.headers["contact"])
        return found[1] if found else self.headers["contact"]


def read(data: bytes) -> Message:
    """Take a datagram apart."""
    head, _, body = data.decode().partition("\r\n\r\n")
    first_line, *lines = head.split("\r\n")
    headers: dict[str, str] = {}
    via = []
    for line in lines:
        name, _, value = line.partition(":")
        name = name.lower()
        if name == "via":
            via.append(value.strip())
        else:
            headers[name] = value.strip()
    return Message(first_line, headers, tuple(via), body)


def response(request: Message, status: str, local: tuple[str, int], tag: str, body: str = "") -> bytes:
    """Return a response, tagged unless the request is inside a call."""
    to = request.headers["to"]
    to = to if ";tag=" in to else f"{to};tag={tag}"
    vias = "".join(f"Via: {via}\r\n" for via in request.via)
    kind = "Content-Type: application/sdp\r\n" if body else ""
    return (
        f"SIP/2.0 {status}\r\n{vias}From: {request.headers['from']}\r\nTo: {to}\r\nCall-ID: {request.call_id}\r\n"
        f"CSeq: {request.headers['cseq']}\r\nContact: <sip:load@{local[0]}:{local[1]}>\r\n"
        f"{kind}Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def request(
    method: str,
    uri: str,
    local: tuple[str, int],
    sender: str,
    receiver: str,
    call_id: str,
    sequence: str,
    *,
    branch: str = "",
    body: str = "",
    content: str = "application/sdp",
) -> bytes:
    """A request; without a branch it is a transaction of its own."""
    kind = f"Content-Type: {content}\r\n" if body else ""
    return (
        f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {local[0]}:{local[1]};branch={branch or new_branch()};rport\r\n"
        f"Max-Forwards: 70\r\nFrom: {sender}\r\nTo: {receiver}\r\nCall-ID: {call_id}\r\nCSeq: {sequence} {method}\r\n"
        f"Contact: <sip:load@{local[0]}:{local[1]}>\r\n{kind}Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def new_branch() -> str:
    return f"z9hG4bK{uuid.uuid4().hex}"
