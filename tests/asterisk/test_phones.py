"""The simulated phones against a real Asterisk.

Sounds, words and keys that they claim are true.
"""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import numpy
import pytest
import soundfile

from dev.asterisk import Asterisk, free_address
from tests.phones.accounts import account
from tests.phones.phone import CallEnded, NothingHappened, Phone, PhoneProblem

DIALPLAN = """
[phones]
exten => echo,1,Answer()
 same => n,Echo()
exten => keys,1,Answer()
 same => n,WaitExten(10)
exten => _[0-9*#],1,Set(GLOBAL(PRESSED)=${GLOBAL(PRESSED)}${EXTEN})
 same => n,WaitExten(10)
exten => silent,1,Answer()
 same => n,Wait(20)
exten => short,1,Answer()
 same => n,Hangup()
exten => busy,1,Hangup(17)
exten => rings,1,Ringing()
 same => n,Wait(20)
exten => _8XXX,1,Dial(PJSIP/${EXTEN},10)
 same => n,Hangup()
"""


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asterisk]:
    """An Asterisk with two accounts and extensions to call."""
    accounts = account("8001", "one", caller_number="13800138000", caller_name="Li", context="phones") + account(
        "8002", "two", context="phones"
    )
    server = Asterisk(
        free_address(tmp_path_factory.mktemp("exchange")), pjsip={"phones": accounts}, extensions={"test": DIALPLAN}
    )
    server.start()
    yield server
    server.stop()


def phone(exchange: Asterisk, user: str = "8001", **others: object) -> Phone:
    password = {"8001": "one", "8002": "two"}[user]
    return Phone(user, user, password, exchange.at.address, exchange.at.sip_port, **others)  # type: ignore[arg-type]


async def pressed(exchange: Asterisk) -> str:
    """The keys the dialplan has seen."""
    credentials = {"Authorization": aiohttp.encode_basic_auth(exchange.at.user, exchange.at.password)}
    url = f"{exchange.at.rest_url}/asterisk/variable"
    async with (
        aiohttp.ClientSession(headers=credentials) as session,
        session.get(url, params={"variable": "PRESSED"}) as answer,
    ):
        return str((await answer.json())["value"])


async def test_a_wrong_password_is_refused(exchange: Asterisk) -> None:
    with pytest.raises(PhoneProblem, match="401"):
        async with Phone("liar", "8001", "wrong", exchange.at.address, exchange.at.sip_port):
            pass


async def test_hears_itself_through_echo(exchange: Asterisk) -> None:
    async with phone(exchange) as caller:
        await caller.call("echo")
        await caller.answered()
        said = asyncio.create_task(caller.play_tone(1000, 5))
        assert await caller.hears(min_level=-20) > -20
        await caller.hears_tone(1000)
        await said
        await caller.hears_silence()
        await caller.hang_up()
        assert (await caller.ended()).details["by"] == "us"


async def test_plays_a_file_of_another_rate(exchange: Asterisk, tmp_path: Path) -> None:
    times = numpy.arange(44100 * 2) / 44100
    soundfile.write(tmp_path / "said.wav", 0.3 * numpy.sin(2 * numpy.pi * 600 * times), 44100)
    async with phone(exchange) as caller:
        await caller.call("echo")
        await caller.answered()
        said = asyncio.create_task(caller.play(tmp_path / "said.wav"))
        await caller.hears_tone(600)
        await caller.hang_up()
        with pytest.raises(PhoneProblem, match="ended first"):
            await said


async def test_silence_is_not_taken_for_sound(exchange: Asterisk) -> None:
    async with phone(exchange) as caller:
        await caller.call("silent")
        await caller.answered()
        await caller.hears_silence()
        with pytest.raises(NothingHappened):
            await caller.hears(within=1)
        with pytest.raises(NothingHappened):
            await caller.hears_tone(1000, within=1)


async def test_every_key_arrives_once(exchange: Asterisk) -> None:
    async with phone(exchange) as caller:
        await caller.call("keys")
        await caller.answered()
        await caller.press("1140*#")
        await caller.hang_up()
        await caller.ended()
    assert await pressed(exchange) == "1140*#"


async def test_one_phone_calls_another_and_both_hear(exchange: Asterisk) -> None:
    async with phone(exchange, "8001") as caller, phone(exchange, "8002") as callee:
        dialled = await caller.call("8002")
        rang = await callee.ringing()
        assert rang.details["caller"] == "13800138000"
        assert rang.details["caller_name"] == "Li"
        assert rang.at_ns > dialled.at_ns
        await callee.answer()
        await caller.answered()
        await callee.answered()
        talking = [asyncio.create_task(caller.play_tone(440, 30)), asyncio.create_task(callee.play_tone(1000, 30))]
        await caller.hears_tone(1000)
        await callee.hears_tone(440)
        await caller.press("5")
        assert await callee.key_heard() == "5"
        await callee.hang_up()
        assert (await caller.ended()).details["by"] == "them"
        await asyncio.gather(*talking, return_exceptions=True)


async def test_answers_by_itself_after_a_while_and_again(exchange: Asterisk) -> None:
    async with phone(exchange, "8001") as caller, phone(exchange, "8002", answers_after=0.3) as callee:
        for _ in range(2):
            await caller.call("8002")
            rang = await callee.ringing()
            up = await callee.answered()
            assert 0.3 <= (up.at_ns - rang.at_ns) / 1e9 < 2
            await caller.answered()
            await caller.hang_up()
            assert (await callee.ended()).details["by"] == "them"


async def test_phone_refuses_calls_on_command(exchange: Asterisk) -> None:
    async with phone(exchange, "8001") as caller, phone(exchange, "8002", rejects="486 Busy Here") as callee:
        await caller.call("8002")
        await callee.ringing()
        with pytest.raises(CallEnded, match="486"):
            await caller.answered()


async def test_a_ringing_call_that_is_given_up_stops_ringing(exchange: Asterisk) -> None:
    async with phone(exchange, "8001") as caller, phone(exchange, "8002") as callee:
        await caller.call("8002")
        await callee.ringing()
        await caller.hang_up()
        assert (await caller.ended()).details["status"] == 487
        assert (await callee.ended()).details["by"] == "them"


async def test_hears_that_the_other_end_hung_up(exchange: Asterisk) -> None:
    async with phone(exchange) as caller:
        await caller.call("short")
        await caller.answered()
        assert (await caller.ended()).details["by"] == "them"


async def test_a_number_that_is_not_there_and_one_that_is_busy(exchange: Asterisk) -> None:
    async with phone(exchange) as caller:
        for number, status in (("nowhere", "404"), ("busy", "486")):
            await caller.call(number)
            with pytest.raises(CallEnded, match=status):
                await caller.answered()


async def test_leaves_no_process_behind_even_when_the_test_fails(exchange: Asterisk) -> None:
    caller = phone(exchange)
    with pytest.raises(NothingHappened):
        await _ring_in_vain(caller)
    assert caller.process_id is not None
    with pytest.raises(ProcessLookupError):
        os.kill(caller.process_id, 0)


async def _ring_in_vain(caller: Phone) -> None:
    async with caller:
        await caller.call("rings")
        await caller.answered(seconds=0.5)
