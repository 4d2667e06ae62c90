"""Actions of flows: a caller asks for a call back."""

from collections.abc import Awaitable, Callable, Mapping

from ari_app.missed.planned.model import Asked, NotCalled
from ari_app.missed.planned.service import PlannedCallBacks
from ari_app.queues.hours import ComingWindow
from crm.customers.phone import typed_number
from foundation.clock import from_milliseconds, utc_now
from foundation.database import out_of_reach
from ivr.actions import Action, ActionCall
from ivr.prompts import PromptCatalogue
from ivr.variables import JSON, read

NOTED, NOTED_FOR, OUTSTANDING = "call_back_noted", "call_back_noted_for", "call_back_outstanding"
NO_NUMBER = "call_back_no_number"
IN_LINE = "call_back_in_line"
REFUSED = {NotCalled.NOT_DIALLED: "call_back_not_dialled", NotCalled.DO_NOT_CALL: "call_back_do_not_call"}
ANSWERS = {
    "call_back.prompt": frozenset({NOTED, NOTED_FOR, OUTSTANDING, IN_LINE}),
    "call_back.why_not": frozenset({NO_NUMBER, *REFUSED.values()}),
}
WINDOW_KEYS = ("2", "3", "4")
"""Keys of the windows, in their order; 1 is as soon as possible."""
WINDOW_OFFER = "call_back_window_key"
"""Words that offer one window: its title and its key."""
OFFERED = frozenset(f"call_back.window_{key}" for key in WINDOW_KEYS)

WishesNoCalls = Callable[[str], Awaitable[bool]]
"""Tells whether a number is of a customer who wishes no calls."""


async def _wishes_calls(_number: str) -> bool:
    return False


class CallBackActions:
    """Plans calls back to callers who want one."""

    def __init__(
        self,
        planned: PlannedCallBacks,
        catalogue: PromptCatalogue | None = None,
        wishes_no_calls: WishesNoCalls = _wishes_calls,
    ) -> None:
        self._planned = planned
        self._catalogue = catalogue or PromptCatalogue()
        self._wishes_no_calls = wishes_no_calls

    def actions(self) -> dict[str, Action]:
        """Return the actions by the names that flows use."""
        answered = frozenset({"call_back.possible", "call_back.asked", "call_back.title", *ANSWERS})
        table = [
            Action("ask_call_back", self.ask_call_back, sets=answered, values=ANSWERS),
            Action("ask_own_call_back", self.ask_own_call_back, sets=answered, values=ANSWERS),
            Action(
                "find_call_back_windows",
                self.find_windows,
                sets=OFFERED | {"call_back.has_windows", "call_back.window_codes"},
            ),
        ]
        return {action.name: action for action in table}

    async def find_windows(self, call: ActionCall) -> Mapping[str, JSON]:
        """Find the times that the caller may choose, by key."""
        variables, language = call.cursor.variables, call.cursor.language
        windows = self._planned.windows(str(read(variables, "queue.name") or ""))
        offered: dict[str, JSON] = dict.fromkeys(OFFERED)
        for key, window in zip(WINDOW_KEYS, windows, strict=False):
            of_window = {"window": {"title": _title(window, language), "key": key}}
            offered[f"call_back.window_{key}"] = self._catalogue.text(WINDOW_OFFER, language, of_window)
        codes: JSON = [window.code for window in windows]
        return {**offered, "call_back.has_windows": bool(windows), "call_back.window_codes": codes}

    async def ask_call_back(self, call: ActionCall) -> Mapping[str, JSON]:
        """Plan a call back to the caller's number, or another.

        One call back for each number. A number that is withheld, or is none, can't be called back; nor one that is not
        dialled, or is another person's who wishes no calls. The caller's own number is called all the same.
        """
        keyed = read(call.cursor.variables, "call_back.number")
        own = read(call.cursor.variables, "call.number")
        return await self._plan(call, typed_number(str(keyed)) if keyed else own)

    async def ask_own_call_back(self, call: ActionCall) -> Mapping[str, JSON]:
        """Plan a call back to the caller's own number, whatever was keyed."""
        return await self._plan(call, read(call.cursor.variables, "call.number"))

    async def _plan(self, call: ActionCall, number: JSON) -> Mapping[str, JSON]:
        variables = call.cursor.variables
        own = read(variables, "call.number")
        if not number:
            return _answer(why_not=NO_NUMBER)
        window = self._chosen(variables)
        try:
            refused = await self._planned.why_not(str(number), str(read(variables, "call.id")))
            if refused is None and number != own and await self._wishes_no_calls(str(number)):
                refused = NotCalled.DO_NOT_CALL
            if refused is NotCalled.IN_LINE:
                return _answer(IN_LINE)
            if refused is not None:
                return _answer(why_not=REFUSED[refused])
            is_new = await self._planned.ask(_asked(variables, str(number), window))
        except Exception as error:
            if not out_of_reach(error):
                raise
            is_new = True  # the list of missed callers reads the record of the ended call
        if not is_new:
            return _answer(OUTSTANDING)
        title = _title(window, call.cursor.language) if window is not None else None
        return _answer(NOTED if window is None else NOTED_FOR, title=title, is_asked=True)

    def _chosen(self, variables: Mapping[str, JSON]) -> ComingWindow | None:
        """Return the window that was chosen, if it is still to come."""
        key, codes = read(variables, "call_back.window"), read(variables, "call_back.window_codes") or []
        place = WINDOW_KEYS.index(str(key)) if str(key) in WINDOW_KEYS else len(codes)
        if place >= len(codes):
            return None
        windows = self._planned.windows(str(read(variables, "queue.name") or ""))
        return next((window for window in windows if window.code == codes[place]), None)


def _answer(
    prompt: str | None = None, *, why_not: str | None = None, is_asked: bool = False, title: str | None = None
) -> Mapping[str, JSON]:
    return {
        "call_back.possible": why_not is None,
        "call_back.asked": is_asked,
        "call_back.prompt": prompt,
        "call_back.why_not": why_not,
        "call_back.title": title,
    }


def _title(window: ComingWindow, language: str) -> str:
    return window.zh if language == "zh" else window.en


def _asked(variables: Mapping[str, JSON], number: str, window: ComingWindow | None) -> Asked:
    joined_ms = read(variables, "queue.joined_ms")
    return Asked(
        number=number,
        queue=str(read(variables, "queue.name") or ""),
        call_id=str(read(variables, "call.id")),
        customer_id=read(variables, "customer.id"),
        kind=read(variables, "queue.kind"),
        priority=int(read(variables, "queue.priority") or 0),
        joined_at=from_milliseconds(int(joined_ms)) if joined_ms else utc_now(),
        window=window,
    )
