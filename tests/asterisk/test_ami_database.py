"""Asterisk's own database over AMI, on a real Asterisk."""

from collections.abc import AsyncIterator

import pytest

from ari_app.ari.ami import AmiClient
from dev.asterisk import Asterisk

FAMILY = "hotline_test"
MANY = 100
"""More than one AMI response has room for."""


@pytest.fixture
async def ami(asterisk: Asterisk) -> AsyncIterator[AmiClient]:
    client = AmiClient(asterisk.at.address, asterisk.at.ami_port, asterisk.at.user, asterisk.at.password)
    await client.start()
    yield client
    await client.aclose()


async def test_every_entry_of_a_family_however_many(ami: AmiClient) -> None:
    expected = {f"call-{number:026d}": f"{number}|13800000002|" for number in range(MANY)}
    assert await ami.database_entries(FAMILY) == {}
    for key, value in expected.items():
        await ami._ask("DBPut", {"Family": FAMILY, "Key": key, "Val": value})

    assert await ami.database_entries(FAMILY) == expected

    for key in expected:
        await ami.delete_database_entry(FAMILY, key)
    assert await ami.database_entries(FAMILY) == {}
