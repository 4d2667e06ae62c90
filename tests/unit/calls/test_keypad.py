"""Keys in order, bounded, never lost while somebody waits."""

import asyncio

from ari_app.calls.keypad import HELD, Keypad


async def test_keys_pressed_ahead_are_kept_in_order() -> None:
    keypad = Keypad()
    for key in "12#":
        keypad.press(key)

    assert [await keypad.next() for _ in range(3)] == ["1", "2", "#"]


async def test_a_waiting_question_gets_the_key() -> None:
    keypad = Keypad()
    waiting = asyncio.create_task(keypad.next())
    await asyncio.sleep(0)

    keypad.press("5")

    assert await waiting == "5"


async def test_s28_a_flood_is_bounded_and_nonsense_ignored() -> None:
    keypad = Keypad()
    for _ in range(10 * HELD):
        keypad.press("1")
        keypad.press("x")

    assert [await keypad.next_within(0) for _ in range(HELD + 1)] == ["1"] * HELD + [None]


async def test_cleared_keys_answer_nothing() -> None:
    keypad = Keypad()
    keypad.press("1")
    keypad.clear()

    assert await keypad.next_within(0) is None
