"""Keys in order, bounded, and never taken in part."""

import asyncio

from ari_app.calls.keypad import LONGEST_AHEAD, Keypad


def pressed(keys: str) -> Keypad:
    """Return a keypad on which these keys were pressed."""
    keypad = Keypad()
    for key in keys:
        keypad.press(key)
    return keypad


def waiting(keypad: Keypad) -> str:
    """Take all keys that wait."""
    return "".join(iter(keypad.already, None))


async def test_keys_pressed_ahead_are_taken_in_order() -> None:
    keypad = pressed("12#")

    assert [await keypad.next() for _ in range(3)] == ["1", "2", "#"]


async def test_a_waiting_question_gets_the_key() -> None:
    keypad = Keypad()
    question = asyncio.create_task(keypad.next())
    await asyncio.sleep(0)

    keypad.press("5")

    assert await question == "5"


async def test_a_key_that_ends_a_prompt_is_left_to_the_question() -> None:
    keypad = Keypad()
    prompt = asyncio.create_task(keypad.pressed())
    await asyncio.sleep(0)

    keypad.press("5")
    await prompt

    assert waiting(keypad) == "5"


async def test_s28_a_flood_is_dropped_as_a_whole() -> None:
    keypad = pressed("1" * LONGEST_AHEAD + "x" + "2" * 100)

    assert await keypad.next_within(0) is None

    keypad.resume()
    keypad.press("3")
    assert waiting(keypad) == "3"


async def test_as_many_keys_as_fit_are_all_taken() -> None:
    assert waiting(pressed("1" * LONGEST_AHEAD)) == "1" * LONGEST_AHEAD


async def test_dropped_keys_answer_nothing() -> None:
    keypad = pressed("1")
    keypad.drop()

    assert await keypad.next_within(0) is None


async def test_the_end_key_of_a_complete_number_answers_nothing() -> None:
    ahead, late = pressed("#5"), Keypad()
    ahead.ignore_end_key("#")
    late.ignore_end_key("#")
    late.press("#")
    late.press("5")

    assert (waiting(ahead), waiting(late)) == ("5", "5")


async def test_another_key_after_a_complete_number_makes_the_end_key_count_again() -> None:
    keypad = Keypad()
    keypad.ignore_end_key("#")
    for key in "5#":
        keypad.press(key)

    assert waiting(keypad) == "5#"
