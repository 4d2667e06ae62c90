"""One call too many is refused before it is answered (F12).

The other calls are not disturbed.
"""

from collections.abc import Iterator

import pytest

from dev.stack import Stack
from tests.asterisk.hotline import SUPERVISOR, Hotline, stack_in
from tests.phones.phone import CallEnded


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A hotline with room for one caller."""
    running = stack_in(tmp_path_factory.mktemp("hotline"), MOST_CALLS="1")
    running.start()
    yield running
    running.stop()


async def test_f12_one_call_too_many_is_refused_and_the_others_go_on(hotline: Hotline) -> None:
    supervisor = await hotline.desk(SUPERVISOR, socket=False)
    first, second = await hotline.phone("13800000002"), await hotline.phone("13800000003")
    await hotline.into_queue(first)
    await hotline.waiting(supervisor, "repair", 1)

    await second.call(hotline.number)
    with pytest.raises(CallEnded) as refused:
        await second.answered()

    assert refused.value.event.details["status"] == 503
    await hotline.waiting(supervisor, "repair", 1)
    await first.hang_up()
    await hotline.waiting(supervisor, "repair", 0)
    await hotline.into_queue(second)
    await hotline.waiting(supervisor, "repair", 1)
    await second.hang_up()
    await hotline.waiting(supervisor, "repair", 0)
