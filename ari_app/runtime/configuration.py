"""Configuration: the folder of call flows, checked as a whole."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import structlog

from ari_app.calls.messages import DESCRIPTION, SUBJECT
from ari_app.calls.model import FlowEnd
from ari_app.calls.waiting import POSITION_PROMPT, WaitEnd
from ari_app.calls.wording import ARREARS, ORDINARY
from ari_app.campaigns.actions import SurveyActions
from ari_app.campaigns.hours import CallingHours
from ari_app.campaigns.model import Attitude
from ari_app.campaigns.rules import CampaignRules
from ari_app.campaigns.service import SURVEY_FLOW, CampaignService
from ari_app.campaigns.settling import SurveyedTicketsByRule
from ari_app.campaigns.survey import QUESTIONS_BY_KIND, prompts_for
from ari_app.campaigns.wording import SURVEY_TEXTS, SurveyWording
from ari_app.queues.settings import QueueSettings, read_queues
from callflows.actions import CallerActions
from crm.customers.service import CustomerService
from crm.departments.service import DepartmentService
from crm.notices.catalogue import NoticeCatalogue, read_notices
from crm.selfservice.limits import Unlimited
from crm.selfservice.service import SelfService
from crm.tickets.model import TicketKind
from crm.tickets.service import TicketService
from dev.paths import PROJECT
from dev.programs import dot_program
from foundation.database import Database
from foundation.findings import ConfigurationInvalid, Finding, errors_of, in_order
from foundation.problems import FieldProblem, Invalid
from ivr.actions import Action
from ivr.check import Library, check_library
from ivr.draw import draw
from ivr.flow_checks import Vocabulary
from ivr.prompts import PromptCatalogue

INBOUND_FLOW = "hotline"
SHIPPED_NOTICES = PROJECT / "callflows" / "notices.yaml"
CALL_VARIABLES = frozenset(
    {
        "call.id",
        "call.number",
        "call.access_number",
        "call.greeting",
        "call.attempt_id",
        "customer.id",
        "customer.name",
        "customer.language",
        "survey.ticket_number",
        "survey.subject",
        "survey.kind",
        *(f"survey.{question}" for question in QUESTIONS_BY_KIND),
        "survey.remind_payment",
        "survey.hotline_number",
        "queue.position",
        "queue.ended",
    }
)
"""What a call brings along into a flow."""
ASKED_OF_ALL = ("opening", "solved", "attitude")
"""Questions of the survey about every kind of ticket."""
YES_OR_NO = frozenset({"yes", "no"})
VALUES: Mapping[str, frozenset[str]] = {
    "survey.kind": frozenset(TicketKind),
    **{f"survey.{one}": frozenset(prompts_for(kind)[one] for kind in TicketKind) for one in ASKED_OF_ALL},
    "queue.ended": frozenset(WaitEnd) - {WaitEnd.SERVED},
    "answers.solved": YES_OR_NO,
    "answers.attitude": frozenset(Attitude),
    "answers.charged": YES_OR_NO,
}
"""All values of the variables that have a fixed set of them."""
SPOKEN_ELSEWHERE = frozenset({POSITION_PROMPT, ORDINARY, ARREARS, SUBJECT, DESCRIPTION}) | SURVEY_TEXTS
"""Prompts that no flow names: said while waiting, by agents, or written on tickets."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Configuration:
    """Flows, prompts, queues and notices that belong together."""

    library: Library
    queues: Mapping[str, QueueSettings]
    notices: NoticeCatalogue | None
    """None where the file could not be read, which is a finding."""
    findings: list[Finding]
    notices_as_shipped: list[str]
    """Texts about tickets that the folder lacks."""


def read_configuration(folder: Path, is_known: Callable[[Path], bool] = lambda _: False) -> Configuration:
    """Read and check a folder.

    It never raises for the content of its files. `is_known` is that of `read_catalogue`.
    """
    queues, of_queues = read_queues(folder / "queues.yaml")
    notices, of_notices, missing = read_notices(folder / "notices.yaml", SHIPPED_NOTICES)
    library = check_library(folder, _vocabulary(queues, all_read=not of_queues), is_known=is_known)
    findings = in_order([*library.findings, *of_queues, *of_notices])
    return Configuration(library, queues, notices, findings, missing)


def load_configuration(folder: Path, is_known: Callable[[Path], bool] = lambda _: False) -> Configuration:
    """Read a folder for use; warnings are logged.

    Raises:
        ConfigurationInvalid: something is wrong anywhere in it.
    """
    found = read_configuration(folder, is_known)
    if refused := errors_of(found.findings):
        raise ConfigurationInvalid(refused)
    for warning in found.findings:
        log.warning("configuration_finding", finding=str(warning))
    if found.notices_as_shipped:
        log.warning("notice_texts_missing", file=str(folder / "notices.yaml"), used_as_shipped=found.notices_as_shipped)
    return found


def drawn(folder: Path, flow: str, language: str) -> str:
    """Draw a flow as SVG.

    Raises:
        Invalid: there is no such flow in the folder, or it does not speak this language.
    """
    library = read_configuration(folder).library
    found = library.flows.get(flow)
    if found is None:
        problem = FieldProblem(field="flow", rule=f"must be one of {', '.join(sorted(library.flows)) or 'none'}")
        raise Invalid(f"there is no flow {flow!r} in {folder}", [problem])
    if language not in found.languages:
        problem = FieldProblem(field="language", rule=f"must be one of {', '.join(found.languages)}")
        raise Invalid(f"{flow} does not speak {language!r}", [problem])
    return draw(found, library.catalogue, dot_program(), language)


def _vocabulary(queues: Mapping[str, QueueSettings], *, all_read: bool) -> Vocabulary:
    """Return the names outside the flows that a flow may use."""
    greetings = {queue.greeting for queue in queues.values() if queue.greeting is not None}
    return Vocabulary(
        _actions(),
        # Of a file with errors not every queue is known.
        frozenset(queues) if all_read else None,
        CALL_VARIABLES,
        SPOKEN_ELSEWHERE | greetings,
        kinds=frozenset(TicketKind),
        ends=frozenset(FlowEnd),
        values=VALUES,
        started=frozenset({INBOUND_FLOW, SURVEY_FLOW}),
    )


@cache
def _actions() -> Mapping[str, Action]:
    """Return the actions that flows may name, not to be run."""
    database = Database(f"sqlite:///{os.devnull}")  # never opened
    tickets = TicketService(database)
    caller = CallerActions(
        CustomerService(database),
        tickets,
        DepartmentService(database),
        SelfService(database, tickets, Unlimited()),
    )
    always = CallingHours(time_zone="UTC", from_hour=0, until_hour=24)
    rules = CampaignRules(delay_s=0, attempts=1, retry_s=0, parallel=1, hours=always)
    surveyed = SurveyedTicketsByRule(tickets, SurveyWording(PromptCatalogue()))
    campaigns = CampaignService(database, rules, surveyed, _no_recording)
    return {**caller.actions(), **SurveyActions(campaigns).actions()}


async def _no_recording(_call_id: str) -> str | None:
    return None
