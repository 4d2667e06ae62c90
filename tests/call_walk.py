"""Orders of commands in one call, with ears and recordings.

Tests walk them on the fake Asterisk and on the real one. Three people: the customer C and the agents A and B. After a
transfer the roles of A and B are exchanged, so that a walk goes on without end.
"""

from collections.abc import Iterator
from dataclasses import dataclass

MOVES: dict[str, dict[str, str]] = {
    "talking": {"hold": "held", "consult": "ringing", "transfer": "sent", "park": "parked"},
    "held": {"resume": "talking", "consult": "ringing", "transfer": "sent", "park": "parked"},
    "sent": {"answer": "talking'"},
    "parked": {"pick_up": "sent"},
    "ringing": {"answer": "consulting", "cancel": "talking", "complete": "sent"},
    "consulting": {"swap": "swapped", "three_party": "three_party", "cancel": "talking", "complete": "talking'"},
    "swapped": {"swap": "consulting", "three_party": "three_party", "cancel": "talking", "complete": "talking'"},
    "three_party": {"cancel": "talking", "leave": "talking'"},
}
"""What may follow in each stage; `'` says that the other agent has the call from then on."""

EARS: dict[str, tuple[str, str, str]] = {
    "talking": ("agent", "customer", "-"),
    "held": ("music", "silence", "-"),
    "sent": ("music", "-", "-"),
    "parked": ("music", "-", "-"),
    "ringing": ("music", "silence", "-"),
    "consulting": ("music", "other", "agent"),
    "swapped": ("agent", "customer", "music"),
    "three_party": ("agent+other", "customer+other", "agent+customer"),
}
"""Sound at the ears of customer, agent and other agent; `-`: not in the call."""

RECORDED = {
    "talking": ("conversation", False),
    "swapped": ("conversation", False),
    "consulting": ("consult", True),
    "three_party": ("conversation", True),
}
"""Kind of the recording in each stage, and whether the other agent is on it."""

Step = tuple[str, str]
"""A stage and a command."""


@dataclass
class Place:
    """Place in a walk."""

    stage: str = "talking"
    agent: str = "A"

    @property
    def other(self) -> str:
        return "B" if self.agent == "A" else "A"

    def follow(self, command: str) -> None:
        """Go on by a command or an answer."""
        after = MOVES[self.stage][command]
        if after.endswith("'"):
            self.agent = self.other
        self.stage = after.rstrip("'")

    def ears(self) -> dict[str, str]:
        """Return who hears what: `A`, `A+C`, `music`, `silence` or `-`, by person."""
        names = {"customer": "C", "agent": self.agent, "other": self.other}
        heard = ["+".join(sorted(names.get(one, one) for one in sound.split("+"))) for sound in EARS[self.stage]]
        return dict(zip(names.values(), heard, strict=True))

    def recorded(self) -> tuple[str, str, str | None] | None:
        """Return kind, agent and other agent of the recording; None without one."""
        if self.stage not in RECORDED:
            return None
        kind, with_other = RECORDED[self.stage]
        return kind, self.agent, self.other if with_other else None


def pairs() -> set[tuple[Step, Step]]:
    """Return every order of two commands."""
    steps = [(stage, command) for stage, moves in MOVES.items() for command in moves]
    return {
        (step, (after, command))
        for step in steps
        for after in [MOVES[step[0]][step[1]].rstrip("'")]
        for command in MOVES[after]
    }


def walk(share: int = 0, shares: int = 1) -> Iterator[str]:
    """Yield commands that go through every pair, or a share.

    Each time it goes to the nearest pair that is left.
    """
    every = sorted(pairs())
    left = set(every[share * len(every) // shares : (share + 1) * len(every) // shares])
    stage, last = "talking", None
    while left:
        for command in _nearest(left, stage, last):
            step = (stage, command)
            if last is not None:
                left.discard((last, step))
            last, stage = step, MOVES[stage][command].rstrip("'")
            yield command


def _nearest(left: set[tuple[Step, Step]], stage: str, last: Step | None) -> list[str]:
    """Return the shortest way to a pair that is left."""
    ways: list[tuple[str, Step | None, list[str]]] = [(stage, last, [])]
    for at, before, way in ways:
        for command, after in MOVES[at].items():
            step = (at, command)
            if before is not None and (before, step) in left:
                return [*way, command]
            ways.append((after.rstrip("'"), step, [*way, command]))
    raise AssertionError("every pair can be reached")
