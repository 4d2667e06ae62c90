"""Needs of rules that no agent meets."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ari_app.queues.rules import NeedStep
from ari_app.queues.settings import read_queues, written_queues
from crm.staff.model import StaffView
from foundation.findings import Finding, Severity
from foundation.routes import Role
from foundation.yaml_files import line_inside


def without_agents(file: Path, text: str, accounts: Iterable[StaffView]) -> Iterator[Finding]:
    """Find steps that no active agent of the queue meets, by line.

    A step without an end would let callers wait in vain: that is an error. Others relax by themselves.
    """
    agents = [one for one in accounts if one.active and one.role is Role.AGENT]
    numbers = {one.staff_number for one in agents}
    raw = text.encode()
    queues, _ = read_queues(file, raw)
    written = {entry.get("name"): entry for entry in written_queues(file, raw) if isinstance(entry, Mapping)}
    for queue in queues.values():
        entry = written.get(queue.name)
        serving = [one.skills for one in agents if queue.name in one.queues]
        for index, rule in enumerate(queue.rules):
            for place, step in enumerate(rule.steps):
                if not _has_agent(step, serving):
                    line = line_inside(entry, ("rules", index, "steps", place))
                    severity = Severity.ERROR if step.for_s is None else Severity.WARNING
                    message = f"rules.{index}.steps.{place}: no agent of {queue.name} has {step.need}"
                    yield Finding(file.name, line, "no-agent", message, severity)
        for field, named in (("order", queue.order), ("shares", tuple(queue.shares))):
            for number in named:
                if number not in numbers:
                    message = f"{field}: {number} is no active agent's staff number"
                    yield Finding(file.name, line_inside(entry, (field,)), "unknown-agent", message, Severity.WARNING)


def _has_agent(step: NeedStep, agents: Sequence[Mapping[str, int]]) -> bool:
    return any(all(skills.get(name, 0) >= level for name, level in step.skills.items()) for skills in agents)
