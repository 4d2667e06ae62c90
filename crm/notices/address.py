"""Rules for addresses of each channel.

No address becomes a URL of the notification library by itself.
"""

import re

from yarl import URL

from crm.customers.phone import split_extension, typed_number
from crm.notices.errors import RecipientInvalid
from crm.notices.model import NoticeChannel
from crm.personal_data.masking import mask_number
from crm.webhooks.client import OutsideClient
from crm.webhooks.errors import AddressDenied
from foundation.problems import FieldProblem

_MAILBOX = re.compile(r"[A-Za-z0-9._%+\-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}")
_WECOM_KEY = re.compile(r"[A-Za-z0-9_\-]{16,64}")
_DINGTALK_TOKEN = re.compile(r"[A-Za-z0-9]{32,128}")
_DINGTALK_SECRET = re.compile(r"SEC[A-Za-z0-9]{16,128}")


def checked(channel: NoticeChannel, address: str, region: str, client: OutsideClient) -> str:
    """Return an address as it is stored.

    Raises:
        RecipientInvalid: the address does not fit the channel.
    """
    if channel is NoticeChannel.SMS:
        number, extension = split_extension(typed_number(address, region) or "")
        return number if number and not extension else _refuse("must be a telephone number")
    if channel is NoticeChannel.EMAIL:
        return address if is_mailbox(address) else _refuse("must be a mailbox such as duty@example.org")
    if channel is NoticeChannel.WECOM:
        return address if _WECOM_KEY.fullmatch(address) else _refuse("must be the key of a WeCom group robot")
    if channel is NoticeChannel.DINGTALK:
        return address if _DINGTALK_TOKEN.fullmatch(address) else _refuse("must be a DingTalk robot's access token")
    try:
        client.check(address)
    except AddressDenied as error:
        _refuse(str(error))
    return address


def checked_secret(channel: NoticeChannel, secret: str | None) -> None:
    """Refuse a secret that does not fit the channel.

    Raises:
        RecipientInvalid: only a DingTalk robot's is given by people; a webhook's is made here.
    """
    if secret is None:
        return
    if channel is not NoticeChannel.DINGTALK:
        _refuse("must be left out: only a DingTalk robot has one from elsewhere", "secret")
    if not _DINGTALK_SECRET.fullmatch(secret):
        _refuse("must be a DingTalk robot's signing key, SEC…", "secret")


def is_mailbox(address: str) -> bool:
    """Return whether mail can go to an address."""
    return _MAILBOX.fullmatch(address) is not None


def shown(channel: NoticeChannel, address: str) -> str:
    """Return an address as lists show it.

    A number is personal, and the key of a robot or the path of a webhook is often a password.
    """
    if channel is NoticeChannel.SMS:
        return mask_number(address)
    if channel is NoticeChannel.EMAIL:
        name, _, domain = address.partition("@")
        return f"{name[:1]}***@{domain}"
    if channel is NoticeChannel.WEBHOOK:
        return URL(address).host or "****" if "://" in address else address
    return f"****{address[-4:]}"


def _refuse(rule: str, field: str = "address") -> str:
    raise RecipientInvalid(f"{field} {rule}", [FieldProblem(field=field, rule=rule)])
