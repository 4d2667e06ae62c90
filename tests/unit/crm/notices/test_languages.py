"""Texts that people read are in one language: no English letters in Chinese ones, no Chinese in English ones."""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any

import pytest

from crm.notices.catalogue import NoticeCatalogue
from crm.sla.policy import ClockKind
from crm.tickets.model import SYSTEM, TicketKind, TicketStatus, Urgency
from crm.tickets.refusals.model import RefusalReason
from crm.tickets.transitions import TicketAction

LATIN = re.compile(r"[A-Za-z]{2,}")
HAN = re.compile(r"[\u4e00-\u9fff]")
PLACEHOLDER = re.compile(r"{[a-z_]+}")
CODES: dict[str, Iterable[StrEnum | str]] = {
    "kind": TicketKind,
    "status": TicketStatus,
    "urgency": Urgency,
    "clock": ClockKind,
    "reason": RefusalReason,
    "actor": [SYSTEM.name],
}


def texts(catalogue: NoticeCatalogue, language: str) -> Iterator[tuple[str, str]]:
    for kind, notice in catalogue.events.items():
        wording = notice.wording(language)
        yield kind, notice.event_name(language)
        yield kind, wording.subject
        yield kind, wording.text
        if notice.reporter is not None:
            yield kind, getattr(notice.reporter, language)
    for change, reporter in catalogue.visits.items():
        yield change, getattr(reporter, language)


@pytest.mark.parametrize(("language", "foreign"), [("zh", LATIN), ("en", HAN)])
def test_catalogue_texts_have_no_letters_of_the_other_language(
    catalogue: NoticeCatalogue, language: str, foreign: re.Pattern[str]
) -> None:
    found = {kind: text for kind, text in texts(catalogue, language) if foreign.search(PLACEHOLDER.sub("", text))}
    assert found == {}


@pytest.mark.parametrize(("language", "foreign"), [("zh", LATIN), ("en", HAN)])
@pytest.mark.parametrize("variable", CODES)
def test_every_code_in_a_notice_has_words_in_each_language(
    catalogue: NoticeCatalogue, variable: str, language: str, foreign: re.Pattern[str]
) -> None:
    for code in CODES[variable]:
        facts: dict[str, Any] = {variable: str(code), "number": "26112900001"}
        for kind in catalogue.events:
            notice = catalogue.render(kind, language, facts)
            said = notice.subject + notice.text
            assert not foreign.search(said), (kind, code, said)


def test_every_action_has_a_notice_of_its_own(catalogue: NoticeCatalogue) -> None:
    assert {f"ticket.{action}" for action in TicketAction} <= catalogue.events.keys()
