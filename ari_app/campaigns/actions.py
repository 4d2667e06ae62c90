"""Actions of the survey flow: store answers, call again at another time."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ari_app.campaigns.hours import CallingHours
from ari_app.campaigns.service import CampaignService
from foundation.clock import milliseconds, utc_now
from ivr.actions import Action, ActionCall
from ivr.variables import JSON, read

CALL_AGAIN = "survey.call_again_at_ms"
MOMENTS = frozenset({"hour", "evening", "tomorrow"})
EVENING_HOUR = 19
MORNING_HOUR = 10
AHEAD = timedelta(hours=1)
"""How far ahead "in an hour" is; an evening that has begun counts from there too."""
BEFORE_CLOSING = timedelta(minutes=15)
"""The last call of an evening, so that it can be held within the hours."""


class SurveyActions:
    """Actions of callbacks; their attempt is the call's `call.attempt_id`."""

    def __init__(self, campaigns: CampaignService) -> None:
        self._campaigns = campaigns

    def actions(self) -> dict[str, Action]:
        """Return the actions by the names that flows use."""
        table = [
            Action("store_answers", self.store_answers),
            Action(
                "postpone_survey",
                self.postpone,
                arguments=frozenset({"when"}),
                choices={"when": MOMENTS},
                sets=frozenset({CALL_AGAIN}),
            ),
        ]
        return {action.name: action for action in table}

    async def store_answers(self, call: ActionCall) -> Mapping[str, JSON]:
        """Store the answers given so far."""
        variables = call.cursor.variables
        await self._campaigns.store_answers(str(read(variables, "call.attempt_id")), read(variables, "answers") or {})
        return {}

    async def postpone(self, call: ActionCall) -> Mapping[str, JSON]:
        """Choose the moment of the next call from the caller's answer (H10)."""
        hours = self._campaigns.rules.hours
        chosen = call_again_at(str(call.arguments["when"]), utc_now(), ZoneInfo(hours.time_zone), hours)
        return {CALL_AGAIN: milliseconds(chosen)}


def call_again_at(when: str, now: datetime, zone: ZoneInfo, hours: CallingHours | None = None) -> datetime:
    """Return the moment that a customer chose for the next call.

    The evening is that of the same day as long as calls are still allowed then, else the next morning.

    Args:
        when: `hour`, `evening` or `tomorrow`.
        hours: in which calls are allowed; by default always.
    """
    local = now.astimezone(zone)
    if when == "hour":
        return now + AHEAD
    if when == "evening":
        evening = max(local.replace(hour=EVENING_HOUR, minute=0, second=0, microsecond=0), local + AHEAD)
        if hours is not None:
            evening = min(evening, hours.closing(now) - BEFORE_CLOSING)
        if evening > local and (hours is None or hours.allowed(evening)):
            return evening
    return (local + timedelta(days=1)).replace(hour=MORNING_HOUR, minute=0, second=0, microsecond=0)
