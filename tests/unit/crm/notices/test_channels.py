"""Every way out, to a real server on loopback."""

import asyncio
import base64
import hashlib
import hmac
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from aiohttp import web
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from crm.notices.channels import GatewaySender, Letter, RobotSender, gateway_problem, safe_error
from crm.notices.model import DeliveryState, NoticeChannel
from crm.notices.views import RecipientInput
from crm.webhooks.client import OutsideClient
from crm.webhooks.errors import BadResponse
from dev.ports import free_port
from foundation.clock import utc_now
from tests.unit.crm.conftest import AGENT, Place
from tests.unit.crm.notices.conftest import House, Received, Receiver

KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
TOKEN = "a" * 64


class Mailbox:
    """A mail server's store."""

    def __init__(self) -> None:
        self.mails: list[Envelope] = []
        self.refuses = False

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.mails.append(envelope)
        return "451 later" if self.refuses else "250 taken"


@contextmanager
def mail_server() -> Iterator[tuple[Mailbox, str]]:
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        sender = "hotline@example.org"
        yield mailbox, f"mailto://127.0.0.1:{controller.port}?from={sender}&to={{address}}"
    finally:
        controller.stop()


def letter(address: str, text: str = "王师傅，请处理", subject: str = "新工单 1", secret: str | None = None) -> Letter:
    return Letter(
        event_id="event-1",
        kind="ticket.dispatch",
        happened_at=utc_now(),
        address=address,
        secret=secret,
        subject=subject,
        text=text,
        data={},
    )


def opened(envelope: Envelope) -> Message:
    assert isinstance(envelope.content, bytes)
    return message_from_bytes(envelope.content)


def text_of(message: Message) -> str:
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            return payload.decode()
    raise AssertionError("no text in the mail")


async def test_mail_arrives_as_plain_text() -> None:
    hostile = "<img src=x onerror=alert(1)> {{7*7}} :smile: \\n https://x"
    with mail_server() as (mailbox, url):
        sender = GatewaySender(url, subject_apart=True)
        await sender.send(letter("duty@example.org", text=hostile, subject=f"工单 {hostile}"))
        sender.close()
    (mail,) = mailbox.mails
    assert mail.rcpt_tos == ["duty@example.org"]
    assert hostile in text_of(opened(mail))
    assert str(make_header(decode_header(opened(mail)["Subject"]))) == f"工单 {hostile}"
    assert [part.get_content_type() for part in opened(mail).walk() if not part.is_multipart()] == ["text/plain"]


async def test_refused_mail_fails() -> None:
    with mail_server() as (mailbox, url):
        mailbox.refuses = True
        sender = GatewaySender(url, subject_apart=True)
        with pytest.raises(BadResponse):
            await sender.send(letter("duty@example.org"))
    sender = GatewaySender(url, subject_apart=True)
    with pytest.raises(BadResponse):
        await sender.send(letter("duty@example.org"))


async def test_sms_goes_only_to_its_number(receiver: Receiver) -> None:
    gateway = receiver.url.replace("http://", "json://") + "/send?:to={address}"
    sender = GatewaySender(gateway, subject_apart=False)
    await sender.send(letter("+8613800000001"))
    (came,) = receiver.received
    assert came.json["to"] == "+8613800000001"
    assert came.json["message"] == "王师傅，请处理"
    assert came.path.startswith("/hook/send")


async def test_s35_address_is_only_a_part_of_the_gateways_url(receiver: Receiver) -> None:
    """Such an address is never stored; even then it stays one part."""
    gateway = receiver.url.replace("http://", "json://") + "/send?:to={address}"
    sender = GatewaySender(gateway, subject_apart=False)
    await sender.send(letter("x&method=DELETE&:evil=1@127.0.0.1:1/#?a,b"))
    (came,) = receiver.received
    assert came.json["to"] == "x&method=DELETE&:evil=1@127.0.0.1:1/#?a,b"
    assert "evil" not in came.json


async def test_hanging_gateway_delays_no_other_and_its_thread_ends(receiver: Receiver) -> None:
    gone = asyncio.Event()

    async def never(_: Received) -> None:
        await gone.wait()

    receiver.answer = never
    gateway = receiver.url.replace("http://", "json://") + "?:to={address}"
    sender = GatewaySender(gateway, subject_apart=False)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await sender.send(letter("+8613800000001"))
    gone.set()
    sender.close()


async def test_wecom_message_is_sent_only_with_the_robots_confirmation(
    receiver: Receiver, client: OutsideClient
) -> None:
    base = receiver.url.removesuffix("/hook")
    sender = RobotSender(client, NoticeChannel.WECOM, base)
    answers: list[web.Response] = [
        web.json_response({"errcode": 0, "errmsg": "ok"}),
        web.json_response({"errcode": 45009, "errmsg": "api freq out of limit"}),
        web.Response(text="<html>"),
        web.json_response(["no"]),
        web.Response(status=502),
    ]

    async def answer(_: Received) -> web.Response:
        return answers[len(receiver.received) - 1]

    receiver.answer = answer
    await sender.send(letter(KEY))
    for told in ("45009", "did not say", "did not say", "502"):
        with pytest.raises(BadResponse, match=told):
            await sender.send(letter(KEY))
    first = receiver.received[0]
    assert first.path == f"/cgi-bin/webhook/send?key={KEY}"
    assert first.json == {"msgtype": "text", "text": {"content": "新工单 1\n王师傅，请处理"}}


async def test_dingtalk_message_is_signed(receiver: Receiver, client: OutsideClient) -> None:
    async def answer(_: Received) -> web.Response:
        return web.json_response({"errcode": 0})

    receiver.answer = answer
    sender = RobotSender(client, NoticeChannel.DINGTALK, receiver.url.removesuffix("/hook"))
    secret = "SEC" + "0" * 32
    await sender.send(letter(TOKEN, secret=secret))
    query = parse_qs(urlsplit(receiver.received[0].path).query)
    content = f"{query['timestamp'][0]}\n{secret}".encode()
    expected = base64.b64encode(hmac.new(secret.encode(), content, hashlib.sha256).digest()).decode()
    assert (query["access_token"], query["sign"]) == ([TOKEN], [expected])


async def test_h7_every_channel_of_a_department_gets_the_notice(house: House, place: Place, receiver: Receiver) -> None:
    async def answer(_: Received) -> web.Response:
        return web.json_response({"errcode": 0})

    receiver.answer = answer
    gateway = receiver.url.replace("http://", "json://") + "/sms?:to={address}"
    house.senders[NoticeChannel.SMS] = GatewaySender(gateway, subject_apart=False)
    addresses = {"sms": "138 0000 0009", "email": "duty@example.org", "wecom": KEY, "dingtalk": TOKEN}
    for channel, address in addresses.items():
        given = {"department_id": place.east, "name": channel, "channel": channel, "address": address}
        await house.notices.create(RecipientInput.model_validate(given))
    await house.webhook(receiver.url, place.east, language="en")
    with mail_server() as (mailbox, url):
        house.senders[NoticeChannel.EMAIL] = GatewaySender(url, subject_apart=True)
        async with house.working():
            ticket = await house.tickets.file(place.fault(), AGENT)
            await house.tickets.dispatch(ticket.id, place.east, AGENT)
            log = await house.until(lambda log: sum(told.state is DeliveryState.SENT for told in log) == 5)
    assert {told.channel for told in log} == set(NoticeChannel)
    assert len(mailbox.mails) == 1
    paths = sorted(urlsplit(came.path).path for came in receiver.received)
    assert paths == ["/cgi-bin/webhook/send", "/hook", "/hook/sms", "/robot/send"]
    (english,) = [came for came in receiver.received if came.path == "/hook"]
    assert "please sign for it" in english.json["text"]
    (sms,) = [came for came in receiver.received if came.path.startswith("/hook/sms")]
    assert sms.json["to"] == "+8613800000009"


async def test_channel_without_gateway_fails_at_once(house: House, place: Place) -> None:
    given = {"department_id": place.east, "name": "x", "channel": "sms", "address": "13800000009"}
    await house.notices.create(RecipientInput.model_validate(given))
    async with house.working():
        ticket = await house.tickets.file(place.fault(), AGENT)
        await house.tickets.dispatch(ticket.id, place.east, AGENT)
        (dead,) = await house.until(lambda log: bool(log) and log[0].state is DeliveryState.DEAD)
    assert (dead.attempts, dead.error) == (1, "no gateway for sms is set up")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("twilio://SID:TOKEN@+8613800000000/13800000001", "must hold {address} once"),
        ("{address}", "must be a URL"),
        ("nosuch://{address}", "must be a URL"),
        ("mailto://a:b@example.org?to={address}&cc={address}", "must hold {address} once"),
    ],
)
def test_invalid_gateway_is_reported_before_the_start(url: str, told: str) -> None:
    assert told in (gateway_problem(url) or "")


@pytest.mark.parametrize(
    "url",
    [
        "mailtos://user:password@example.org?to={address}",
        f"twilio://AC{'a' * 32}:{'b' * 32}@+8613800000000/{{address}}",
        "jsons://sms.example.org/send?:to={address}",
    ],
)
def test_known_gateways_are_accepted(url: str) -> None:
    assert gateway_problem(url) is None


async def test_s29_library_logs_no_number_and_no_key(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    async def refuse(_: Received) -> web.Response:
        return web.Response(status=500)

    receiver.answer = refuse
    with caplog.at_level(logging.DEBUG):
        sender = GatewaySender(
            receiver.url.replace("http://", "json://u:canary@") + "?:to={address}", subject_apart=False
        )
        with pytest.raises(BadResponse):
            await sender.send(letter("+8613800000001"))
    assert "13800000001" not in caplog.text
    assert "canary" not in caplog.text


def test_s29_stored_error_has_no_numbers_and_keys() -> None:
    url = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}"
    said = safe_error(ConnectionError(f"cannot reach {url} for 13800000001 at {quote(url)}\x00"))
    assert KEY not in said
    assert "138****0001" in said
    assert said.startswith("ConnectionError: cannot reach … for")
