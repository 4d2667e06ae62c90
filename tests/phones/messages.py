"""SIP messages on pyVoIP's builders, parser and digest, with corrections.

pyVoIP 1.6.8 repeats call ids from run to run, acknowledges with a made-up tag, ends calls with the other side's Via,
has no CANCEL and refuses to read OPTIONS; its transactions and threads are not used at all.
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyVoIP
import pyVoIP.VoIP  # first: pyVoIP.SIP imports it in a circle
from pyVoIP.RTP import PayloadType, TransmitType
from pyVoIP.SIP import SIPClient, SIPMessage, SIPMessageType

from tests.phones.sound import Codec

__all__ = ["Dialog", "Messages", "RemoteMedia", "SIPMessage", "contact", "is_response", "remote_media", "transaction"]

EVENT_TYPE = 101
OFFERED: dict[Any, PayloadType] = {
    int(Codec.PCMU): PayloadType.PCMU,
    int(Codec.PCMA): PayloadType.PCMA,
    EVENT_TYPE: PayloadType.EVENT,
}

for method in ("OPTIONS", "NOTIFY", "REFER", "REGISTER"):
    if method not in pyVoIP.SIPCompatibleMethods:
        pyVoIP.SIPCompatibleMethods.append(method)


@dataclass(frozen=True)
class RemoteMedia:
    """The other end's audio address and the agreed payload types."""

    address: str
    port: int
    codec: Codec
    event_type: int


@dataclass
class Dialog:
    """One call's SIP side: enough to acknowledge, re-answer and end it."""

    invite: SIPMessage
    incoming: bool
    local_tag: str
    remote_tag: str = ""
    target: str = ""
    """The other side's Contact, where requests inside the call go."""

    @property
    def call_id(self) -> str:
        return str(self.invite.headers["Call-ID"])


class Messages(SIPClient):
    """Builds one phone's messages; sends nothing."""

    def __init__(
        self, server: tuple[str, int], user: str, password: str, local: tuple[str, int], shown_as: str
    ) -> None:
        super().__init__(
            *server,
            user,
            password,
            phone=None,  # type: ignore[arg-type]  # only pyVoIP's own receiving thread would use it
            myIP=local[0],
            myPort=local[1],
        )
        self._shown_as = shown_as
        self._sequence = 100

    def gen_call_id(self) -> str:
        return uuid.uuid4().hex

    def registration(self, *, expires: int, challenge: SIPMessage | None = None) -> str:
        """Return a REGISTER, with credentials after a challenge.

        0 seconds sign the phone off.
        """
        self.default_expires = expires
        return self.gen_register(challenge) if challenge is not None else self.gen_first_response()

    def invitation(self, number: str, port: int, *, challenge: SIPMessage | None, call_id: str, tag: str) -> str:
        """An INVITE that offers G.711 and telephone events."""
        text = self.gen_invite(number, "1", {port: OFFERED}, TransmitType.SENDRECV, self.gen_branch(), call_id)
        text = re.sub(r"\r\nFrom: .*\r\n", f"\r\nFrom: {self._shown_as};tag={tag}\r\n", text, count=1)
        if challenge is not None:
            text = text.replace("\r\nContent-Length", f"\r\n{self._authorization(challenge)}\r\nContent-Length", 1)
        return text

    def answer_body(self, offer: SIPMessage, port: int) -> str:
        """Return an SDP answer with the one codec taken.

        Telephone events have the offer's own number.
        """
        remote = remote_media(offer)
        types = {int(remote.codec): remote.codec.name, remote.event_type: "telephone-event"}
        lines = [
            "v=0", f"o=phone 1 1 IN IP4 {self.myIP}", "s=phone", f"c=IN IP4 {self.myIP}", "t=0 0",
            f"m=audio {port} RTP/AVP {' '.join(map(str, types))}",
            *(f"a=rtpmap:{number} {name}/8000" for number, name in types.items()),
            f"a=fmtp:{remote.event_type} 0-15", "a=ptime:20", "a=sendrecv",
        ]  # fmt: skip
        return "".join(f"{line}\r\n" for line in lines)

    def response(self, request: SIPMessage, status: str, *, tag: str, body: str = "") -> str:
        """A response; one tag for the whole call, as the dialog demands."""
        headers = request.headers
        to_tag = headers["To"]["tag"] or tag
        content = "Content-Type: application/sdp\r\n" if body else ""
        return (
            f"SIP/2.0 {status}\r\n"
            f"{self._gen_response_via_header(request)}"
            f"From: {headers['From']['raw']};tag={headers['From']['tag']}\r\n"
            f"To: {headers['To']['raw']};tag={to_tag}\r\n"
            f"Call-ID: {headers['Call-ID']}\r\n"
            f"CSeq: {headers['CSeq']['check']} {headers['CSeq']['method']}\r\n"
            f"Contact: <sip:{self.username}@{self.myIP}:{self.myPort}>\r\n"
            f"{content}Content-Length: {len(body)}\r\n\r\n{body}"
        )

    def acknowledge(self, invite: SIPMessage, response: SIPMessage) -> str:
        """Return an ACK.

        For a refusal inside the INVITE's transaction, for an answer as a request of its own.
        """
        headers = response.headers
        if 200 <= int(response.status) < 300:
            uri, via = contact(response), self._via()
        else:
            uri, via = _request_uri(invite), self._gen_response_via_header(invite)
        return self._request("ACK", uri, via, _tagged(headers["From"]), _tagged(headers["To"]), response)

    def cancel(self, invite: SIPMessage) -> str:
        """A CANCEL of an INVITE that has no final response yet."""
        headers = invite.headers
        via = self._gen_response_via_header(invite)
        return self._request(
            "CANCEL", _request_uri(invite), via, _tagged(headers["From"]), headers["To"]["raw"], invite
        )

    def farewell(self, dialog: Dialog) -> str:
        """Return the BYE of an answered call, from either side."""
        headers = dialog.invite.headers
        ours, theirs = ("To", "From") if dialog.incoming else ("From", "To")
        self._sequence += 1
        return self._request(
            "BYE",
            dialog.target,
            self._via(),
            f"{headers[ours]['raw']};tag={dialog.local_tag}",
            f"{headers[theirs]['raw']};tag={dialog.remote_tag}",
            dialog.invite,
            sequence=self._sequence,
        )

    def referral(self, dialog: Dialog, number: str, joining: str) -> str:
        """Return a REFER of an answered call: a phone's transfer key.

        `joining`: the other call's id, where the phone joins two calls.
        """
        text = self.farewell(dialog).replace("BYE", "REFER")
        replaces = f"?Replaces={joining}%3Bto-tag%3Done%3Bfrom-tag%3Dother" if joining else ""
        contact = f"Contact: <sip:{self.username}@{self.myIP}:{self.myPort}>\r\n"
        more = f"Refer-To: <sip:{number}@{self.server}{replaces}>\r\n{contact}"
        return text.replace("Content-Length", f"{more}Content-Length", 1)

    def _request(
        self, method: str, uri: str, via: str, sender: str, receiver: str, of: SIPMessage, sequence: int | None = None
    ) -> str:
        number = sequence if sequence is not None else of.headers["CSeq"]["check"]
        return (
            f"{method} {uri} SIP/2.0\r\n{via}Max-Forwards: 70\r\nFrom: {sender}\r\nTo: {receiver}\r\n"
            f"Call-ID: {of.headers['Call-ID']}\r\nCSeq: {number} {method}\r\nContent-Length: 0\r\n\r\n"
        )

    def _via(self) -> str:
        return f"Via: SIP/2.0/UDP {self.myIP}:{self.myPort};branch={self.gen_branch()};rport\r\n"

    def _authorization(self, challenge: SIPMessage) -> str:
        asked: Mapping[str, str] = challenge.authentication
        return (
            f'Authorization: Digest username="{self.username}",realm="{asked["realm"]}",nonce="{asked["nonce"]}",'
            f'uri="sip:{self.server};transport=UDP",response="{self.gen_authorization(challenge).decode()}",'
            "algorithm=MD5"
        )


def is_response(message: SIPMessage) -> bool:
    return bool(message.type == SIPMessageType.RESPONSE)


def transaction(message: SIPMessage) -> tuple[str, str, str]:
    """Common headers of a request and its responses."""
    headers = message.headers
    return headers["Call-ID"], headers["CSeq"]["check"], headers["CSeq"]["method"]


def contact(message: SIPMessage) -> str:
    """The address in the Contact header."""
    found = re.search(r"<([^>]+)>", message.headers["Contact"])
    return found[1] if found else str(message.headers["Contact"])


def remote_media(message: SIPMessage) -> RemoteMedia:
    """Return the other end's RTP address and types from an SDP.

    Raises:
        ValueError: no G.711 audio in it.
    """
    audio = next((media for media in message.body.get("m", []) if media["type"] == "audio"), None)
    codecs = [] if audio is None else [int(number) for number in audio["methods"] if int(number) in list(Codec)]
    if audio is None or not codecs:
        raise ValueError("the other end offers no G.711 audio")
    events = [
        int(number)
        for number, attributes in audio["attributes"].items()
        if attributes.get("rtpmap", {}).get("name") == "telephone-event" and attributes["rtpmap"]["frequency"] == "8000"
    ]
    return RemoteMedia(
        message.body["c"][0]["address"], audio["port"], Codec(codecs[0]), events[0] if events else EVENT_TYPE
    )


def _request_uri(request: SIPMessage) -> str:
    return str(request.heading, "utf8").split(" ")[1]


def _tagged(header: Mapping[str, str]) -> str:
    return f"{header['raw']};tag={header['tag']}" if header["tag"] else header["raw"]
