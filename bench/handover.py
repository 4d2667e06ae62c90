"""Time from an agent's hang-up to the next caller's ring (G1)."""

from random import Random

from bench.harness import Context, Row, paired_rounds, percentile, ratio_row, summary
from bench.load import Backlog, Load
from bench.ours import our_system
from bench.systems import NativeSystem

AGENTS = ["agent-1"]
WAITING = 5
TALK_SECONDS = 1.0
ROUND_SECONDS = 15.0
AIM = 1 / 20
"""Of the peer's p95, which is its polling interval of one second."""


async def run(context: Context) -> list[Row]:
    """One agent, five callers always waiting, talks of one second."""
    random = Random(context.seed)
    async with (
        Load(our_system(context.folder), AGENTS, talk_seconds=TALK_SECONDS, random=random) as ours,
        Load(NativeSystem(context.folder), AGENTS, talk_seconds=TALK_SECONDS, random=random) as peer,
    ):

        async def measure(load: Load) -> Backlog:
            return await load.backlog(waiting=WAITING, seconds=ROUND_SECONDS)

        pairs = await paired_rounds(context.rounds, lambda _: measure(ours), lambda _: measure(peer))
    row = ratio_row(
        "G1",
        [percentile(one.gap_ms, 0.95) for one, _ in pairs],
        [percentile(other.gap_ms, 0.95) for _, other in pairs],
        AIM,
        "ms from the agent's BYE to the next INVITE at the same phone, p95 of a round",
        {
            "ours": _all([one for one, _ in pairs]),
            "peer": {"what": "app_queue, retry=1, autofill, Answer(,i)", **_all([other for _, other in pairs])},
        },
    )
    context.keep("G1", {"row": row, "rounds": [{"ours": one, "peer": other} for one, other in pairs]})
    return [row]


def _all(rounds: list[Backlog]) -> dict[str, object]:
    return {
        **summary([gap for one in rounds for gap in one.gap_ms]),
        "served": sum(one.served for one in rounds),
        "failed": sum(one.failed for one in rounds),
        "double_offers": sum(one.double_offers for one in rounds),
    }
