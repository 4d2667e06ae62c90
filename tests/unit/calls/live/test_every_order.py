"""Every order of two commands on the fake Asterisk: ears and recordings."""

import asyncio

import pytest

from ari_app.calls.control import handing
from ari_app.calls.control.orders import Order
from ari_app.desk.call_states import CallAction
from ari_app.desk.command_model import CallTarget
from tests.call_walk import Place, walk
from tests.fakes.asterisk import FakeChannel
from tests.fakes.hotline import FakeHotline
from tests.fakes.virtual_time import until
from tests.unit.calls.live.test_hold_and_reconnect import conversation
from tests.unit.calls.live.test_transfers import nothing_is_left, other_ready

NUMBERS = {"A": "1001", "B": "1002"}


def ears(hotline: FakeHotline, legs: dict[str, FakeChannel]) -> dict[str, str]:
    """Return who hears what, as the walk names it."""
    names = {leg.id: name for name, leg in legs.items()}
    found = {}
    for name, leg in legs.items():
        if leg.id not in hotline.asterisk.channels or leg.state == "Ringing":
            found[name] = "-"
            continue
        heard = "+".join(sorted(names[other] for other in hotline.asterisk.heard_by(leg.id)))
        sound = hotline.asterisk.hears(leg.id)
        found[name] = heard or ("music" if sound.startswith("music") else "silence")
    return found


async def step(hotline: FakeHotline, place: Place, command: str, legs: dict[str, FakeChannel]) -> None:
    """Carry out one step of a walk."""
    agent, other = NUMBERS[place.agent], NUMBERS[place.other]
    target = CallTarget("agent", f"staff-{other}")
    if command == "answer":
        legs[place.other] = await hotline.rung(other)
        hotline.asterisk.pick_up(legs[place.other].id)
    elif command == "pick_up":
        order = Order(agent_id=f"staff-{other}", action=CallAction.PICK_UP)
        await hotline.control.pick_up(hotline.live.state.id, order)
    else:
        needs_target = command in {"transfer", "consult"}
        await hotline.order(CallAction(command), agent, target=target if needs_target else None)


async def test_every_order_of_two_commands(hotline: FakeHotline) -> None:
    caller, leg = await conversation(hotline)
    await other_ready(hotline)
    place, legs = Place(), {"C": caller, "A": leg, "B": leg}
    legs["B"] = FakeChannel("none", "", "", "Down")
    recorded = [place.recorded()]
    for command in walk():
        await step(hotline, place, command, legs)
        place.follow(command)
        await until(lambda: ears(hotline, legs) == place.ears())
        if place.recorded() != recorded[-1]:
            recorded.append(place.recorded())
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)
    staff = {"A": "staff-1001", "B": "staff-1002", None: None}
    wanted = [(one[0], staff[one[1]], staff[one[2]]) for one in recorded if one is not None]
    assert [
        (entry.kind.value, entry.agent_id, entry.other_agent_id) for entry in hotline.recordings.entries.values()
    ] == wanted
    assert hotline.asterisk.longest_silence_s(caller.id) < 1


POINTS = [
    f"{moment}-{stage}"
    for stage in ("consult_ringing", "consulting", "swapped", "three_party", "held", "transferring", "parked")
    for moment in ("control", "arranged")
]
WAYS = {
    "held": ["hold"],
    "transferring": ["transfer"],
    "parked": ["park"],
    "consult_ringing": ["consult"],
    "consulting": ["consult", "answer"],
    "swapped": ["consult", "answer", "swap"],
    "three_party": ["consult", "answer", "three_party"],
}


@pytest.mark.parametrize("point", POINTS)
async def test_process_that_dies_at_a_crash_point_drops_no_party(
    hotline: FakeHotline, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F38: the next process finds the stage stored, and acts it out."""
    caller, leg = await conversation(hotline)
    await other_ready(hotline)
    place, legs = Place(), {"C": caller, "A": leg, "B": FakeChannel("none", "", "", "Down")}
    reached = asyncio.Event()

    def die(name: str) -> None:
        if name == point and not reached.is_set():
            reached.set()
            hotline.life.leaving = True
            raise asyncio.CancelledError

    monkeypatch.setattr(handing, "crashpoint", die)
    for command in WAYS[point.partition("-")[2]]:
        carrying_out = asyncio.create_task(step(hotline, place, command, legs))
        place.follow(command)
        await until(lambda: reached.is_set() or ears(hotline, legs) == place.ears())
    await reached.wait()
    await hotline.leave()
    carrying_out.cancel()
    await asyncio.gather(carrying_out, return_exceptions=True)
    await hotline.restart()
    await until(lambda: ears(hotline, legs) == place.ears())
    assert hotline.asterisk.longest_silence_s(caller.id) < 1
    hotline.asterisk.hang_up(caller.id)
    await nothing_is_left(hotline)
