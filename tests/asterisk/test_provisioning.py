"""Agents' phones, pushed to Asterisk again at every connection."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from ari_app.ari.client import AriClient
from ari_app.calls.provisioning import PhoneAccount, push
from dev.asterisk import Asterisk
from foundation.ids import new_id
from tests.asterisk.ari_connection import PATIENCE_S, new_client
from tests.phones.phone import Phone


@pytest.fixture
async def ari(asterisk: Asterisk) -> AsyncIterator[AriClient]:
    async with new_client(asterisk) as client:
        yield client


async def becomes(ari: AriClient, user: str, *, online: bool) -> None:
    """Asterisk tells of a registration a moment after it answered it."""
    async with asyncio.timeout(PATIENCE_S):
        while (await ari.endpoint("PJSIP", user)).online is not online:
            await asyncio.sleep(0.05)


async def test_a_phone_that_signs_off_after_a_restart_of_ours_is_not_rung(asterisk: Asterisk, ari: AriClient) -> None:
    """Push the account again; Asterisk still knows where it registered."""
    account = PhoneAccount(new_id("phone"), "secret")
    await push(ari, [account])

    async with Phone("agent", account.user, account.password, asterisk.at.address, asterisk.at.sip_port):
        await becomes(ari, account.user, online=True)
        assert await push(ari, [account]) == 1

    await becomes(ari, account.user, online=False)


async def test_a_changed_password_is_in_force_with_the_next_push(asterisk: Asterisk, ari: AriClient) -> None:
    user = new_id("phone")
    await push(ari, [PhoneAccount(user, "first")])
    await push(ari, [PhoneAccount(user, "second")])

    async with Phone("agent", user, "second", asterisk.at.address, asterisk.at.sip_port):
        await becomes(ari, user, online=True)
