"""The glossary has a term for every state, role, table and event."""

import re

import pytest

from ari_app.runtime.schema import METADATA
from crm.events import SuggestionMade, SurveyFinished
from crm.notices.catalogue import load_catalogue
from crm.tickets.model import TicketStatus
from crm.tickets.transitions import TicketAction
from dev.paths import PROJECT
from foundation.routes import Role

GLOSSARY = (PROJECT / "docs" / "glossary.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in GLOSSARY.splitlines()
    if line.startswith("| ") and not line.startswith("| English")
]
EVENTS = {
    *load_catalogue(PROJECT / "callflows" / "notices.yaml").events,
    *(f"ticket.{action}" for action in TicketAction),
    SurveyFinished.KIND,
    SuggestionMade.KIND,
}


def named() -> set[str]:
    """Return the names in the last column."""
    return {name for row in ROWS for name in re.findall(r"`([^`]+)`", row[-1])}


@pytest.mark.parametrize(
    "names",
    [set(TicketStatus), set(Role), set(METADATA.tables), EVENTS],
    ids=["ticket states", "roles", "tables", "events"],
)
def test_every_stored_name_has_its_term(names: set[str]) -> None:
    assert not {str(name) for name in names} - named()


def test_every_name_in_the_glossary_is_stored() -> None:
    stored = {*TicketStatus, *Role, *METADATA.tables, *EVENTS}
    assert not named() - {str(name) for name in stored}


def test_every_term_has_both_languages_and_a_meaning() -> None:
    assert ROWS
    for row in ROWS:
        english, chinese, meaning, _ = row
        assert english, row
        assert re.search(r"[一-鿿]", chinese), row
        assert meaning, row


def test_a_term_stands_once() -> None:
    terms = [term.strip() for row in ROWS for term in row[0].split(",")]
    assert sorted(set(terms)) == sorted(terms)


REJECTED = ("事由", "投诉类型", "原因分类", "返工", "结案", "已上报")
"""Words that stood for 问题类别, 重办, 归档 and 已升级."""


@pytest.mark.parametrize("word", REJECTED)
def test_one_thing_has_one_chinese_word(word: str) -> None:
    places = [
        *PROJECT.glob("console/src/**/zh-CN.json"),
        *PROJECT.glob("callflows/*.yaml"),
        *PROJECT.glob("ari_app/exports/*.py"),
        *PROJECT.glob("crm/**/*.py"),
    ]
    assert [place.name for place in places if word in place.read_text(encoding="utf-8")] == []
