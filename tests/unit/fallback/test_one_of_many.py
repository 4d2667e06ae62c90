"""One phone, note or channel that fails does not stop the others."""

import asyncio
from typing import Any, cast

import pytest

from ari_app.ari import channels
from ari_app.ari.dispatch import Dispatcher
from ari_app.ari.errors import AriInvalid, AriTimeout
from ari_app.calls.provisioning import remove
from ari_app.fallback.service import Fallback
from ari_app.fallback.watchdog import Watchdog
from tests.fakes.ari import FakeAmi, FakeAri
from tests.fakes.asterisk import FakeAsterisk
from tests.fakes.virtual_time import set_wall_clock

USERS = ["agent1001", "agent1002", "agent1003"]


@pytest.fixture
def asterisk(monkeypatch: pytest.MonkeyPatch) -> FakeAsterisk:
    set_wall_clock(monkeypatch)
    return FakeAsterisk(Dispatcher())


class Phones:
    """The agents' phones."""

    def rung(self) -> list[str]:
        return USERS


class PickyAmi(FakeAmi):
    """Refuses one phone as a member of the fallback's queue."""

    def __init__(self, asterisk: FakeAsterisk) -> None:
        super().__init__(asterisk)
        self.members: list[str] = []

    async def add_queue_member(self, queue: str, interface: str) -> None:
        if interface == f"PJSIP/{USERS[0]}":
            raise AriInvalid("AMI", "QueueAdd", "no such interface")
        self.members.append(interface)


class PickyAri(FakeAri):
    """Takes every global variable."""

    async def set_global_variable(self, name: str, value: str) -> None:
        """Do nothing."""


async def test_phone_that_the_fallback_refuses_does_not_keep_the_others_out(asterisk: FakeAsterisk) -> None:
    ami, nothing = PickyAmi(asterisk), cast("Any", None)
    fallback = Fallback(
        PickyAri(asterisk),
        ami,
        cast("Any", Phones()),
        nothing,
        nothing,
        nothing,
        nothing,
        "CN",
        nothing,
        is_live=lambda _: False,
    )

    with pytest.raises(ExceptionGroup):
        await fallback.prepare()

    assert ami.members == [f"PJSIP/{user}" for user in USERS[1:]]


async def test_caller_who_cannot_be_led_away_does_not_stop_those_behind(asterisk: FakeAsterisk) -> None:
    ari = FakeAri(asterisk)
    first = asterisk.call()
    await asyncio.sleep(1)
    second = asterisk.call()
    ari.failures[channels.CONTINUE] = AriTimeout("POST", "/channels/x/continue", "no answer within 5 s")

    assert await Watchdog(ari).lead_to_fallback() == 1

    assert first.arguments is not None
    assert second.note is not None
    assert await Watchdog(ari).lead_to_fallback() == 1, "the next look leads the first"


async def test_phone_that_asterisk_does_not_remove_does_not_keep_the_others() -> None:
    gone: list[str] = []

    class Stubborn:
        async def delete_dynamic(self, config_class: str, object_type: str, object_id: str) -> None:
            if object_id == USERS[0]:
                raise AriInvalid("DELETE", "/asterisk/config", "busy")
            gone.append(object_id)

    with pytest.raises(ExceptionGroup):
        await remove(cast("Any", Stubborn()), USERS)

    assert list(dict.fromkeys(gone)) == USERS[1:]
