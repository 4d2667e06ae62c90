"""Calls back and missed people as parts of scheduled reports."""

from ari_app.missed.reports.model import CallBackQuery, RescueQuery
from ari_app.missed.reports.service import MissedReports
from crm.reports.definitions.catalogue import DEFINITIONS
from crm.reports.model import Language, Line
from crm.reports.scheduled.content import MakeSection, Names, Section
from crm.reports.scheduled.timing import DueReport

_CALL_BACKS = {"zh": "预约回拨：按队列", "en": "Calls back by queue"}
_RESCUE = {"zh": "漏接挽回：按队列", "en": "Missed people by queue"}


def call_back_section(reports: MissedReports, names: Names) -> MakeSection:
    """Return what makes the part about calls back."""

    async def make(due: DueReport, language: Language) -> Section:
        query = CallBackQuery(since=due.since, until=due.until, by="whole", group="queue")
        lines = [_named(line, names, language) for line in (await reports.call_backs(query)).lines]
        return Section(_CALL_BACKS[language], DEFINITIONS.callbacks, lines)

    return make


def rescue_section(reports: MissedReports, names: Names) -> MakeSection:
    """Return what makes the part about missed people."""

    async def make(due: DueReport, language: Language) -> Section:
        query = RescueQuery(since=due.since, until=due.until, by="whole", group="queue")
        lines = [_named(line, names, language) for line in (await reports.rescue(query)).lines]
        return Section(_RESCUE[language], DEFINITIONS.rescue, lines)

    return make


def _named(line: Line, names: Names, language: Language) -> Line:
    name = names("queue", line.key, language)
    return line if name is None else line.model_copy(update={"name": name})
