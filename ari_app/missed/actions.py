"""Action of flows: a caller asks for a call back."""

from collections.abc import Mapping

from ari_app.missed.planned.model import Asked
from ari_app.missed.planned.service import PlannedCallBacks
from crm.customers.phone import typed_number
from foundation.clock import from_milliseconds, utc_now
from foundation.database import out_of_reach
from ivr.actions import Action, ActionCall
from ivr.variables import JSON, read

NOTED, OUTSTANDING = "call_back_noted", "call_back_outstanding"


class CallBackActions:
    """Plans calls back to callers who want one."""

    def __init__(self, planned: PlannedCallBacks) -> None:
        self._planned = planned

    def actions(self) -> dict[str, Action]:
        """Return the actions by the names that flows use."""
        action = Action(
            "ask_call_back",
            self.ask_call_back,
            sets=frozenset({"call_back.possible", "call_back.asked", "call_back.prompt"}),
            values={"call_back.prompt": frozenset({NOTED, OUTSTANDING})},
        )
        return {action.name: action}

    async def ask_call_back(self, call: ActionCall) -> Mapping[str, JSON]:
        """Plan a call back to the caller's number, or another.

        One call back for each number. A number that is withheld, or is none, can't be called back.
        """
        variables = call.cursor.variables
        keyed = read(variables, "call_back.number")
        number = typed_number(str(keyed)) if keyed else read(variables, "call.number")
        if not number:
            return {"call_back.possible": False, "call_back.asked": False, "call_back.prompt": None}
        try:
            is_new = await self._planned.ask(_asked(variables, str(number)))
        except Exception as error:
            if not out_of_reach(error):
                raise
            is_new = True  # the list of missed callers reads the record of the ended call
        prompt = NOTED if is_new else OUTSTANDING
        return {"call_back.possible": True, "call_back.asked": is_new, "call_back.prompt": prompt}


def _asked(variables: Mapping[str, JSON], number: str) -> Asked:
    joined_ms = read(variables, "queue.joined_ms")
    return Asked(
        number=number,
        queue=str(read(variables, "queue.name") or ""),
        call_id=str(read(variables, "call.id")),
        customer_id=read(variables, "customer.id"),
        kind=read(variables, "queue.kind"),
        priority=int(read(variables, "queue.priority") or 0),
        joined_at=from_milliseconds(int(joined_ms)) if joined_ms else utc_now(),
    )
