"""Call flows with the names they may use, checked as a whole."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from ari_app.calls.messages import DESCRIPTION, SUBJECT
from ari_app.calls.waiting import POSITION_PROMPT
from ari_app.calls.wording import ARREARS, ORDINARY
from ari_app.campaigns.actions import SurveyActions
from ari_app.campaigns.hours import CallingHours
from ari_app.campaigns.rules import CampaignRules
from ari_app.campaigns.service import CampaignService
from ari_app.campaigns.settling import SurveyedTicketsByRule
from ari_app.campaigns.survey import QUESTIONS_BY_KIND
from ari_app.campaigns.wording import SURVEY_TEXTS, survey_wording
from ari_app.queues.settings import QueueSettings, load_queues
from callflows.actions import CallerActions
from crm.customers.service import CustomerService
from crm.departments.service import DepartmentService
from crm.selfservice.limits import Unlimited
from crm.selfservice.service import SelfService
from crm.tickets.service import TicketService
from dev.programs import dot_program
from foundation.database import Database
from foundation.problems import FieldProblem, Invalid
from ivr.actions import Action
from ivr.check import Library, Vocabulary, check_library
from ivr.draw import draw

INBOUND_FLOW = "hotline"
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


SPOKEN_ELSEWHERE = frozenset({POSITION_PROMPT, ORDINARY, ARREARS, SUBJECT, DESCRIPTION}) | SURVEY_TEXTS
"""Prompts that no flow names: said while waiting, by agents, or written on tickets."""


def vocabulary(actions: Iterable[Mapping[str, Action]], queues: Mapping[str, QueueSettings]) -> Vocabulary:
    """Return the names outside the flows that a flow may use."""
    merged = {name: action for table in actions for name, action in table.items()}
    greetings = {queue.greeting for queue in queues.values() if queue.greeting is not None}
    return Vocabulary(merged, frozenset(queues), CALL_VARIABLES, SPOKEN_ELSEWHERE | greetings)


def check(folder: Path) -> Library:
    """Read and check a folder of flows without carrying out actions."""
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
    campaigns = CampaignService(database, rules, SurveyedTicketsByRule(tickets, survey_wording(folder)), _no_recording)
    actions = (caller.actions(), SurveyActions(campaigns).actions())
    return check_library(folder, vocabulary(actions, load_queues(folder / "queues.yaml")))


def drawn(folder: Path, flow: str, language: str) -> str:
    """Draw a flow as SVG.

    Raises:
        Invalid: there is no such flow in the folder, or it does not speak this language.
    """
    library = check(folder)
    found = library.flows.get(flow)
    if found is None:
        problem = FieldProblem(field="flow", rule=f"must be one of {', '.join(sorted(library.flows)) or 'none'}")
        raise Invalid(f"there is no flow {flow!r} in {folder}", [problem])
    if language not in found.languages:
        problem = FieldProblem(field="language", rule=f"must be one of {', '.join(found.languages)}")
        raise Invalid(f"{flow} does not speak {language!r}", [problem])
    return draw(found, library.catalogue, dot_program(), language)


async def _no_recording(_call_id: str) -> str | None:
    return None
