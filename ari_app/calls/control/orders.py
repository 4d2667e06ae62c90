"""Commands as agents give them, over HTTP or the desk's socket."""

import re
from dataclasses import dataclass

from ari_app.calls.control.errors import TargetInvalid
from ari_app.desk.call_states import CallAction
from ari_app.desk.command_model import CallTarget, ControlCall
from foundation.problems import FieldProblem, Invalid

DIGITS = re.compile(r"[0-9*#A-D]{1,32}", re.ASCII)
NEEDS_TARGET = frozenset({CallAction.TRANSFER, CallAction.CONSULT})


@dataclass(frozen=True, kw_only=True)
class Order:
    """Command of an agent, not yet addressed to a call."""

    agent_id: str
    action: CallAction
    key: str = ""
    digits: str = ""
    target: CallTarget | None = None
    to_head: bool = False
    note: str = ""

    def check(self) -> None:
        """Check what the action needs.

        Raises:
            Invalid: a field is missing or breaks a rule.
        """
        if self.action is CallAction.DIGITS and not DIGITS.fullmatch(self.digits):
            rule = FieldProblem(field="digits", rule="must be 1 to 32 of 0-9, *, #, A-D")
            raise Invalid("the keys cannot be sent", [rule])
        if self.action is CallAction.CONSULT and self.target is not None and self.target.kind in {"queue", "flow"}:
            rule = FieldProblem(field="target.kind", rule="must be an agent, a department or a number: it must answer")
            raise TargetInvalid("this target cannot be consulted", [rule])
        if self.action in NEEDS_TARGET and self.target is None:
            rule = FieldProblem(field="target", rule="must name an agent, a queue, a department or a number")
            raise TargetInvalid("there is no target", [rule])


def order_of(agent_id: str, command: ControlCall) -> Order:
    """Return the order of a desk's message."""
    return Order(
        agent_id=agent_id,
        action=command.action,
        key=command.key,
        digits=command.digits,
        target=command.target,
        to_head=command.to_head,
        note=command.note,
    )
