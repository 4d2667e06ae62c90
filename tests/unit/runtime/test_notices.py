"""Notices of one process depend on the configured gateways."""

import pytest
from pydantic import SecretStr

from ari_app.runtime.notices import Notices
from ari_app.settings import Settings
from crm.notices.errors import RecipientInvalid
from crm.notices.model import NoticeChannel
from crm.notices.views import RecipientCreated, RecipientInput
from foundation.database import Database
from tests.callflows import shipped

ADDRESSES = {NoticeChannel.SMS: "13800000001", NoticeChannel.EMAIL: "duty@example.org"}
GATEWAYS = {NoticeChannel.SMS: "sms_gateway", NoticeChannel.EMAIL: "mail_gateway"}


@pytest.mark.parametrize("channel", ADDRESSES)
async def test_recipient_without_a_gateway_is_refused(sqlite_database: Database, channel: NoticeChannel) -> None:
    with pytest.raises(RecipientInvalid, match="gateway") as refusal:
        await _entered(sqlite_database, channel, "")
    assert [problem.field for problem in refusal.value.errors] == ["channel"]

    entered = await _entered(sqlite_database, channel, "json://127.0.0.1:1/{address}")
    assert entered.channel is channel


async def _entered(database: Database, channel: NoticeChannel, gateway: str) -> RecipientCreated:
    settings = Settings(ari_password=SecretStr("x"))
    setattr(settings, GATEWAYS[channel], SecretStr(gateway))
    notices = Notices(settings, database, shipped())
    try:
        return await notices.service.create(RecipientInput(name="x", channel=channel, address=ADDRESSES[channel]))
    finally:
        await notices.aclose()
