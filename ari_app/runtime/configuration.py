"""Configuration: the folder of call flows, checked as a whole."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import structlog

from ari_app.calls.announcing import POSITION_PROMPT, WAIT_PROMPT
from ari_app.calls.messages import DESCRIPTION, SUBJECT
from ari_app.calls.model import FlowEnd
from ari_app.calls.queue_keys import KEY_PROMPTS
from ari_app.calls.tolls import OUTSIDE_FILE, TollRules, read_outside
from ari_app.calls.wait_end import WaitEnd
from ari_app.calls.wording import ARREARS, ORDINARY
from ari_app.campaigns.actions import SurveyActions
from ari_app.campaigns.hours import CallingHours
from ari_app.campaigns.model import Attitude
from ari_app.campaigns.rules import CampaignRules
from ari_app.campaigns.service import SURVEY_FLOW, CampaignService
from ari_app.campaigns.settling import SurveyedTicketsByRule
from ari_app.campaigns.survey import QUESTIONS_BY_KIND, prompts_for
from ari_app.campaigns.wording import SURVEY_TEXTS, SurveyWording
from ari_app.missed.actions import WINDOW_OFFER, CallBackActions
from ari_app.missed.planned.service import PlannedCallBacks
from ari_app.queues.overflow import QUEUE_CLOSED
from ari_app.queues.overflow_checks import outside_findings
from ari_app.queues.rule_checks import never_asked
from ari_app.queues.settings import QueueSettings, read_queues, written_queues
from ari_app.web.labels import Labels, read_labels
from ari_app.web.problem_texts import ProblemTexts, read_problem_texts
from ari_app.work.desk_file import DeskChoices, read_desk
from callflows.actions import CallerActions
from callflows.calendar import VARIABLES as CALENDAR_VARIABLES
from callflows.numbers import UNKNOWN_NUMBER_FLOW, AccessNumbers, read_numbers
from callflows.organisation import Organisation, read_organisation
from crm.customers.service import CustomerService
from crm.departments.service import DepartmentService
from crm.kinds import TicketKind
from crm.notices.catalogue import NoticeCatalogue, read_notices
from crm.selfservice.limits import Unlimited
from crm.selfservice.service import SelfService
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

SHIPPED_NOTICES = PROJECT / "callflows" / "notices.yaml"
CALL_VARIABLES = frozenset(
    {
        "call.id",
        "call.number",
        "call.access_number",
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
        "queue.key",
        "queue.title",
        "queue.ended",
        "queue.left_by_key",
        "queue.name",
        "queue.kind",
        "queue.priority",
        "queue.joined_ms",
        "queue.opens",
        "queue.wait_least",
        "queue.wait_most",
        *CALENDAR_VARIABLES,
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
QUEUES_FILE = "queues.yaml"
NAMELESS = {"zh": "?", "en": "?"}
"""Name in place of one in a file with errors, for the check of texts."""
STARTED_BY_THE_SERVICE = frozenset({SURVEY_FLOW, UNKNOWN_NUMBER_FLOW})
SPOKEN_IN_LINE = frozenset({POSITION_PROMPT, WAIT_PROMPT}) | KEY_PROMPTS
SPOKEN_ELSEWHERE = SPOKEN_IN_LINE | {WINDOW_OFFER, ORDINARY, ARREARS, SUBJECT, DESCRIPTION} | SURVEY_TEXTS

"""Prompts that no flow names: said while waiting, by agents, or written on tickets."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Configuration:
    """Flows, prompts, queues and notices that belong together."""

    library: Library
    queues: dict[str, QueueSettings]
    """Changed in place where a version from the console takes effect."""
    numbers: AccessNumbers
    organisation: Organisation
    notices: NoticeCatalogue | None
    """None where the file could not be read, which is a finding."""
    desk: DeskChoices
    labels: Labels
    problem_texts: ProblemTexts | None
    """None where the file could not be read, which is a finding."""
    tolls: TollRules
    findings: list[Finding]
    notices_as_shipped: list[str]
    """Texts about tickets that the folder lacks."""


def read_configuration(
    folder: Path, is_known: Callable[[Path], bool] = lambda _: False, *, queues_text: bytes | None = None
) -> Configuration:
    """Read and check a folder.

    It never raises for the content of its files. `is_known` is that of `read_catalogue`. `queues_text` takes the place
    of the queues' file.
    """
    queues_file = folder / QUEUES_FILE
    queues, of_queues = read_queues(queues_file, queues_text)
    organisation, of_organisation = read_organisation(folder / "organisation.yaml")
    names = organisation.names if organisation is not None else NAMELESS
    notices, of_notices, missing = read_notices(folder / "notices.yaml", SHIPPED_NOTICES, names)
    numbers, of_numbers = read_numbers(folder / "numbers.yaml")
    desk, of_desk = read_desk(folder)
    labels, of_labels = read_labels(folder)
    texts, of_texts = read_problem_texts(folder, labels)
    tolls, of_tolls = read_outside(folder)
    vocabulary = _vocabulary(
        # Of a file with errors not every name is known.
        queues if not errors_of(of_queues) else None,
        numbers if not of_numbers else None,
        organisation,
    )
    library = check_library(folder, vocabulary, names, is_known)
    findings = [*library.findings, *of_queues, *of_notices, *of_numbers, *of_organisation, *of_desk, *of_tolls]
    findings += [*of_labels, *of_texts]
    findings += _without_answer(tolls, numbers)
    flows = library.flows if not library.unread else None
    written = written_queues(queues_file, queues_text)
    findings += outside_findings(QUEUES_FILE, written, queues, flows, tolls.opened)
    if not library.unread:
        findings += never_asked(QUEUES_FILE, written, queues, library.flows.values())
        findings += numbers.without_flow(library.flows)
        findings += (
            Finding(folder.name, 1, "no-such-flow", f"there is no flow {name}, which the service starts")
            for name in STARTED_BY_THE_SERVICE
            if name not in library.flows
        )
    known = organisation or Organisation.model_validate({"name": NAMELESS})
    return Configuration(
        library, queues, numbers, known, notices, desk, labels, texts, tolls, in_order(findings), missing
    )


def load_configuration(
    folder: Path, is_known: Callable[[Path], bool] = lambda _: False, *, shown_number: str | None = None
) -> Configuration:
    """Read a folder for use; warnings are logged.

    `shown_number` is the number that people see when we call: they must be able to call it back.

    Raises:
        ConfigurationInvalid: something is wrong anywhere in it.
    """
    found = read_configuration(folder, is_known)
    refused = errors_of(found.findings)
    if not refused and shown_number is not None and found.numbers.flow_of(shown_number) is None:
        message = f"HOTLINE_HOTLINE_NUMBER is {shown_number}, which is not here: who calls it back would be refused"
        refused = [Finding(found.numbers.file, 1, "shown-number", message)]
    if refused:
        raise ConfigurationInvalid(refused)
    for warning in found.findings:
        log.warning("configuration_finding", finding=str(warning))
    if found.notices_as_shipped:
        log.warning("notice_texts_missing", file=str(folder / "notices.yaml"), used_as_shipped=found.notices_as_shipped)
    return found


def queue_findings(folder: Path, is_known: Callable[[Path], bool], text: bytes) -> list[Finding]:
    """Return the findings with a text as the folder's queues."""
    return read_configuration(folder, is_known, queues_text=text).findings


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


def _vocabulary(
    queues: Mapping[str, QueueSettings] | None, numbers: AccessNumbers | None, organisation: Organisation | None
) -> Vocabulary:
    """Return the names outside the flows that a flow may use."""
    of_queues = frozenset({QUEUE_CLOSED}).union(*(queue.prompts for queue in (queues or {}).values()))
    return Vocabulary(
        _actions(),
        frozenset(queues) if queues is not None else None,
        CALL_VARIABLES,
        SPOKEN_ELSEWHERE | of_queues,
        kinds=frozenset(TicketKind),
        ends=frozenset(FlowEnd),
        values={**VALUES, **_of_days(organisation)},
        started=STARTED_BY_THE_SERVICE | frozenset(numbers.flows.values()) if numbers is not None else None,
    )


def _without_answer(tolls: TollRules, numbers: AccessNumbers) -> list[Finding]:
    """Find numbers that agents may show, and that cannot be called back."""
    return [
        Finding(OUTSIDE_FILE, 1, "shown-number", f"shown_numbers: {shown} must be a number of numbers.yaml")
        for shown in tolls.shown_numbers
        if numbers.flow_of(shown) is None
    ]


def _of_days(organisation: Organisation | None) -> Mapping[str, frozenset[str]]:
    """Return all greetings and seasons, where they are known."""
    if organisation is None:
        return {}
    seasons = frozenset(season.name for season in organisation.seasons)
    return {"call.greeting": organisation.greeting_names, "call.season": seasons}


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
    call_backs = CallBackActions(PlannedCallBacks(database))
    return {**caller.actions(), **SurveyActions(campaigns).actions(), **call_backs.actions()}


async def _no_recording(_call_id: str) -> str | None:
    return None
