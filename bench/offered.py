"""Time to offer a call while agents are free (G3, G14).

Also whether the screen pop reached the desk first.
"""

from random import Random

from bench.harness import Context, Row, late, paired_rounds, percentile, ratio_row, summary
from bench.load import Load, Offered
from bench.ours import OurSystem, Pop, our_system
from bench.systems import NativeSystem

AGENTS = [f"agent-{number}" for number in range(1, 51)]
PER_SECOND = 40.0
CALLS = 400
TALK_SECONDS = 0.3
AIM = 1.8
POP_AIM = 0.999


async def run(context: Context) -> list[Row]:
    """Place 40 calls/s of 0.3 s: 15 of 50 agents are busy."""
    random = Random(context.seed)
    system = our_system(context.folder)
    async with (
        Load(system, AGENTS, talk_seconds=TALK_SECONDS, random=random) as ours,
        Load(NativeSystem(context.folder), AGENTS, talk_seconds=TALK_SECONDS, random=random) as peer,
    ):
        for load in (ours, peer):
            await load.steady(per_second=PER_SECOND, count=CALLS // 4)

        async def measure(load: Load) -> Offered:
            return await load.steady(per_second=PER_SECOND, count=CALLS)

        pairs = await paired_rounds(context.rounds, lambda _: measure(ours), lambda _: measure(peer))
    sides = [one for one, _ in pairs], [other for _, other in pairs]
    disturbed = late([ms for side in sides for one in side for ms in one.late_ms])
    row = ratio_row(
        "G3",
        [percentile(one.offer_ms, 0.5) for one in sides[0]],
        [percentile(one.offer_ms, 0.5) for one in sides[1]],
        AIM,
        "ms from the caller's INVITE to the agent's, p50 of a round",
        {
            "p99_ratios": [_p99(one) / _p99(other) for one, other in pairs],
            "ours": _all(sides[0]),
            "peer": {"what": "app_queue, retry=1, autofill, Answer(,i)", **_all(sides[1])},
            "disturbed": disturbed,
        },
    )
    pops = _pop_row(system, sides[0], disturbed)
    raw = [{"ours": _raw(one), "peer": _raw(other)} for one, other in pairs]
    context.keep("G3", {"row": row, "rounds": raw})
    context.keep("G14", {"row": pops, "rounds": [{"lead_ms": _leads(system, one)} for one in sides[0]]})
    return [row, pops]


def _pop_row(system: OurSystem, rounds: list[Offered], disturbed: list[str]) -> Row:
    leads = [lead for one in rounds for lead in _leads(system, one)]
    first = sum(1 for lead in leads if lead is not None and lead > 0) / len(leads)
    arrived = [lead for lead in leads if lead is not None]
    return Row(
        "G14",
        round(first, 5),
        None,
        None,
        f">= {POP_AIM}",
        first >= POP_AIM,
        {
            "unit": "share of calls whose pop reached the desk's socket before the INVITE reached the phone",
            "calls": len(leads),
            "without_pop": len(leads) - len(arrived),
            "lead_ms": summary(arrived) if arrived else {},
            "least_lead_ms": min(arrived, default=None),
            "disturbed": disturbed,
        },
    )


def _leads(system: OurSystem, round_: Offered) -> list[float | None]:
    """Return each call's lead of the pop before its INVITE.

    Milliseconds; None without a pop.
    """
    pops: dict[tuple[str, str], Pop] = {(pop.agent, pop.caller): pop for pop in system.pops}
    found = [pops.get((call.agent, call.caller)) for call in round_.calls]
    return [
        None if pop is None else (call.offered_ns - pop.at_ns) / 1e6
        for pop, call in zip(found, round_.calls, strict=True)
    ]


def _p99(one: Offered) -> float:
    return percentile(one.offer_ms, 0.99)


def _all(rounds: list[Offered]) -> dict[str, object]:
    return {
        **summary([ms for one in rounds for ms in one.offer_ms]),
        "late_ms_p99": round(percentile([ms for one in rounds for ms in one.late_ms], 0.99), 3),
        "failed": sum(one.failed for one in rounds),
        "resent": sum(one.resent for one in rounds),
        "double_offers": sum(one.double_offers for one in rounds),
    }


def _raw(one: Offered) -> dict[str, object]:
    return {"offer_ms": one.offer_ms, "late_ms": one.late_ms, "failed": one.failed, "resent": one.resent}
