"""Words for agents, from the same catalogue as the callers' prompts."""

from typing import Any

from ari_app.desk.pop import SpokenWording
from callflows.calendar import ServiceCalendar
from ivr.prompts import PromptCatalogue

ORDINARY = "agent_greeting"
ARREARS = "agent_arrears"


class AgentWording:
    """Greetings that follow the calendar (H9) and the wording of reminders (H5)."""

    def __init__(self, catalogue: PromptCatalogue, calendar: ServiceCalendar) -> None:
        self._catalogue = catalogue
        self._calendar = calendar

    def greeting(self, staff_number: str) -> SpokenWording:
        """Return the agent's greeting, with the wishes of a holiday."""
        name = f"agent_{self._calendar.greeting()}"
        wording = self._words(name, agent={"staff_number": staff_number})
        return (
            wording
            or self._words(ORDINARY, agent={"staff_number": staff_number})
            or SpokenWording(**self._calendar.organisation.names)
        )

    def arrears(self, cents: int) -> SpokenWording | None:
        """Return the reminder of arrears; None without arrears."""
        return self._words(ARREARS, customer={"arrears_cents": cents}) if cents > 0 else None

    def _words(self, name: str, **variables: Any) -> SpokenWording | None:
        zh = self._catalogue.text(name, "zh", variables)
        en = self._catalogue.text(name, "en", variables)
        return SpokenWording(zh=zh, en=en) if zh is not None and en is not None else None
