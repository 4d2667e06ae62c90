"""What the survey flow may make happen: keep its answers, be called again at another time."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ari_app.campaigns.service import CampaignService
from foundation.clock import milliseconds, utc_now
from ivr.actions import Action, ActionCall
from ivr.variables import JSON, read

CALL_AGAIN = "survey.call_again_at_ms"
EVENING_HOUR = 19
MORNING_HOUR = 10


class SurveyActions:
    """Actions of callbacks; the attempt they belong to is the call's `call.attempt_id`."""

    def __init__(self, campaigns: CampaignService) -> None:
        self._campaigns = campaigns

    def actions(self) -> dict[str, Action]:
        """By name, as flows call them."""
        table = [
            Action("store_answers", self.store_answers),
            Action("postpone_survey", self.postpone, arguments=frozenset({"when"}), sets=frozenset({CALL_AGAIN})),
        ]
        return {action.name: action for action in table}

    async def store_answers(self, call: ActionCall) -> Mapping[str, JSON]:
        """Keep the answers given so far."""
        variables = call.cursor.variables
        await self._campaigns.store_answers(str(read(variables, "call.attempt_id")), read(variables, "answers") or {})
        return {}

    async def postpone(self, call: ActionCall) -> Mapping[str, JSON]:
        """Not a good moment: the customer chose another (H10)."""
        zone = ZoneInfo(self._campaigns.rules.hours.time_zone)
        return {CALL_AGAIN: milliseconds(call_again_at(str(call.arguments["when"]), utc_now(), zone))}


def call_again_at(when: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment a customer chose: in an `hour`, this `evening`, or `tomorrow` at about the same part of the day."""
    if when == "hour":
        return now + timedelta(hours=1)
    local = now.astimezone(zone)
    if when == "evening" and local.hour < EVENING_HOUR:
        return local.replace(hour=EVENING_HOUR, minute=0, second=0, microsecond=0)
    return (local + timedelta(days=1)).replace(hour=MORNING_HOUR, minute=0, second=0, microsecond=0)
