"""Sums of calls by queue, access number and agent. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from crm.reports import waits
from crm.reports.rollup_model import Dimension

INBOUND, OUTBOUND = "inbound", "outbound"
ANSWERED, ABANDONED = "answered", "abandoned"


class Parts(NamedTuple):
    """Parts of a call; empty where it has none."""

    queue: str = ""
    access_number: str = ""
    agent_id: str = ""


class CallFact(NamedTuple):
    """Record of a call, as far as it is counted."""

    queue: str | None
    access_number: str | None
    agent_id: str | None
    direction: str
    outcome: str
    queued: bool
    wait_ms: int | None
    talk_ms: int | None
    held_ms: int | None
    transferred: bool = False
    """An agent handed the caller on."""


@dataclass
class Sums:
    """Sums over calls."""

    incoming: int = 0
    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    talks: int = 0
    dialled: int = 0
    transferred: int = 0
    talk_ms: int = 0
    held_ms: int = 0
    longest_wait_ms: int = 0
    waits: list[bytes] = field(default_factory=list)
    """Stored counts of waits, to be added up."""

    def add(self, other: Mapping[Any, Any]) -> None:
        """Add a stored row."""
        for name in ADDED:
            setattr(self, name, getattr(self, name) + other[name])
        self.longest_wait_ms = max(self.longest_wait_ms, other["longest_wait_ms"])
        if other["waits"]:
            self.waits.append(other["waits"])

    def join(self, other: "Sums") -> None:
        """Add other sums."""
        self.add({**vars(other), "waits": b""})
        self.waits += other.waits

    def stored(self) -> dict[str, Any]:
        """Return the columns of a row."""
        joined = self.waits[0] if len(self.waits) == 1 else waits.joined(self.waits).tobytes() if self.waits else b""
        return {name: getattr(self, name) for name in (*ADDED, "longest_wait_ms")} | {"waits": joined}


ADDED = tuple(one.name for one in fields(Sums) if one.name not in {"longest_wait_ms", "waits"})


def summed(facts: Iterable[CallFact]) -> dict[Parts, Sums]:
    """Return the sums of calls by queue, access number and agent."""
    found: dict[Parts, Sums] = {}
    counted: dict[Parts, Counter[int]] = {}
    for fact in facts:
        parts = Parts(fact.queue or "", fact.access_number or "", fact.agent_id or "")
        sums = found.get(parts)
        if sums is None:
            sums, counted[parts] = found.setdefault(parts, Sums()), Counter()
        _count(sums, counted[parts], fact)
    for parts, counts in counted.items():
        if counts:
            found[parts].waits.append(waits.packed(counts))
    return found


def _count(sums: Sums, counts: Counter[int], fact: CallFact) -> None:
    answered = fact.outcome == ANSWERED
    if answered:
        sums.talks += 1
        sums.talk_ms += fact.talk_ms or 0
        sums.held_ms += fact.held_ms or 0
    if fact.direction != INBOUND:
        sums.dialled += answered and fact.direction == OUTBOUND
        return
    sums.incoming += 1
    if not fact.queued:
        return
    abandoned = fact.outcome == ABANDONED
    sums.offered += 1
    sums.answered += answered
    sums.transferred += answered and fact.transferred
    sums.abandoned += abandoned
    wait_ms = fact.wait_ms or 0
    sums.longest_wait_ms = max(sums.longest_wait_ms, wait_ms)
    end = waits.WaitEnd.ANSWERED if answered else waits.WaitEnd.ABANDONED if abandoned else waits.WaitEnd.OTHER
    counts[waits.key_of(wait_ms, end)] += 1


def each_dimension(found: Mapping[Parts, Sums]) -> Iterator[tuple[Dimension, Parts, dict[str, Any]]]:
    """Yield the rows of one cell, for every dimension."""
    rows = {parts: sums.stored() for parts, sums in found.items()}
    for parts, row in rows.items():
        yield Dimension.ALL, parts, row
    for dimension in (Dimension.NONE, Dimension.QUEUE, Dimension.ACCESS_NUMBER, Dimension.AGENT):
        grouped: dict[Parts, Sums] = {}
        for parts, row in rows.items():
            grouped.setdefault(kept(dimension, parts), Sums()).add(row)
        for parts, sums in grouped.items():
            yield dimension, parts, sums.stored()


def kept(dimension: Dimension, parts: Parts) -> Parts:
    """Return only the part that a dimension tells apart."""
    if dimension is Dimension.QUEUE:
        return Parts(queue=parts.queue)
    if dimension is Dimension.AGENT:
        return Parts(agent_id=parts.agent_id)
    return Parts(access_number=parts.access_number) if dimension is Dimension.ACCESS_NUMBER else Parts()
