"""Ring all on real phones: the first to answer has the caller."""

from collections.abc import AsyncIterator

import pytest

from tests.asterisk.hotline import AGENT, OTHER_AGENT, SUPERVISOR, Hotline

THIRD_AGENT = "1003"
CALLER = "13800000002"
NEXT_CALLER = "13800000003"


@pytest.fixture
async def all_ring(hotline: Hotline) -> AsyncIterator[Hotline]:
    """Ring all for repairs, by a version of the console."""
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    newest = (await supervisor.get("/api/v1/queue-documents"))[0]["version"]
    before = (await supervisor.get(f"/api/v1/queue-documents/{newest}"))["text"]
    changed = before.replace("  title_zh: 故障报修\n", "  title_zh: 故障报修\n  strategy: ring_all\n")
    stored = await supervisor.post(
        "/api/v1/queue-documents", {"text": changed, "note": "ring all for a test", "follows": newest}
    )
    yield hotline
    await supervisor.post(
        "/api/v1/queue-documents", {"text": before, "note": "as before", "follows": stored["version"]}
    )


async def test_three_phones_ring_and_the_first_to_answer_has_the_caller(all_ring: Hotline) -> None:
    supervisor = await all_ring.desk(SUPERVISOR, socket=False)
    people = [await all_ring.ready_agent(number) for number in (AGENT, OTHER_AGENT, THIRD_AGENT)]
    names = {one["staff_number"]: one["name"] for one in await supervisor.get("/api/v1/staff")}
    caller = await all_ring.phone(CALLER)
    await all_ring.into_queue(caller)
    for desk, phone in people:
        assert (await desk.message("pop"))["pop"]["number"]["display"].endswith(CALLER)
        await phone.ringing()

    (first_desk, first), (_, winner), (third_desk, third) = people
    await winner.answer()
    await winner.answered()
    await winner.reaches(caller, 600)
    for desk, phone in ((first_desk, first), (third_desk, third)):
        ended = await phone.ended()
        assert "elsewhere" in ended.details["reason"], "no missed call in the phone's list"
        closed = await desk.message("pop_closed", answered_by=names[OTHER_AGENT])
        assert closed["missed_of"] is None

        await desk.message("agent", state="ready")
    await caller.hang_up()
    await all_ring.waiting(supervisor, "repair", 0)


async def test_caller_who_hangs_up_silences_all_phones(all_ring: Hotline) -> None:
    people = [await all_ring.ready_agent(number) for number in (AGENT, OTHER_AGENT, THIRD_AGENT)]
    caller = await all_ring.phone(CALLER)
    await all_ring.into_queue(caller)
    for _, phone in people:
        await phone.ringing()
    await caller.hang_up()
    for desk, phone in people:
        await phone.ended()
        await desk.message("agent", state="ready")


async def test_next_caller_rings_all_who_are_free_again(all_ring: Hotline) -> None:
    people = [await all_ring.ready_agent(number) for number in (AGENT, OTHER_AGENT, THIRD_AGENT)]
    supervisor = await all_ring.desk(SUPERVISOR, socket=False)
    first, second = await all_ring.phone(CALLER), await all_ring.phone(NEXT_CALLER)
    await all_ring.into_queue(first)
    for desk, phone in people:
        await desk.message("pop")
        await phone.ringing()
    await all_ring.into_queue(second)
    await all_ring.waiting(supervisor, "repair", 2)

    _, winner = people[0]
    await winner.answer()
    await winner.reaches(first, 600)
    others = people[1:]
    for desk, phone in others:
        await phone.ended()
        assert (await desk.message("pop"))["pop"]["number"]["display"].endswith(NEXT_CALLER), "both desks"
        await phone.ringing()
    _, answering = others[1]
    await answering.answer()
    await answering.reaches(second, 700)
    await others[0][1].ended()
    for caller in (first, second):
        await caller.hang_up()
    await all_ring.waiting(supervisor, "repair", 0)
