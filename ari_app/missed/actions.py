"""Action of flows: a caller asks for a call back."""

from collections.abc import Mapping

from ari_app.missed.service import MissedCallers
from foundation.database import out_of_reach
from ivr.actions import Action, ActionCall
from ivr.variables import JSON, read

NOTED, OUTSTANDING = "call_back_noted", "call_back_outstanding"


class CallBackActions:
    """Notes callers who want a call back.

    The list reads the record of the ended call, so nothing is written here: the answer is kept with the call.
    """

    def __init__(self, missed: MissedCallers) -> None:
        self._missed = missed

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
        """Note the caller's number, one call back for each number.

        A number that is withheld can't be called back.
        """
        number = read(call.cursor.variables, "call.number")
        if not number:
            return {"call_back.possible": False, "call_back.asked": False, "call_back.prompt": None}
        try:
            is_outstanding = await self._missed.call_back_outstanding(str(number))
        except Exception as error:
            if not out_of_reach(error):
                raise
            is_outstanding = False  # not known: noted once too often is better than not at all
        prompt = OUTSTANDING if is_outstanding else NOTED
        return {"call_back.possible": True, "call_back.asked": not is_outstanding, "call_back.prompt": prompt}
