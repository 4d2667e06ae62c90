"""Faults of the organisation's file, and its name in texts."""

import re
from pathlib import Path

import pytest

from ari_app.runtime.configuration import load_configuration
from callflows.organisation import read_organisation
from tests.callflows import copied, edit, findings

NAME = "name: { zh: 城东供热, en: City Heating }\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("- a", "1: no-organisation: the file must be a mapping"),
        ("hours: { round_the_clock: true }", "1: missing-field: name: this is required"),
        ("name: { zh: 城东供热 }", "1: missing-field: name.en: this is required"),
        ("name: { zh: 城东, en: '{x}' }", "1: wrong-value: name.en: String should match"),
        (NAME + "hour: {}", "2: unknown-field: hour: there is no such field here"),
        (NAME + "hours: { workday: [] }", "2: wrong-value: hours: workday: must have at least one span"),
        (
            NAME + "hours:\n  workday:\n    - { opens: '18:00', closes: '08:00' }",
            "4: wrong-value: hours.workday.0: closes must be after opens",
        ),
        (NAME + "holidays:\n  - { until: 12-24 }", "3: wrong-value: holidays.0: until needs from"),
        (NAME + "holidays:\n  - { workday: true }", "3: wrong-value: holidays.0: from: this is required"),
        (NAME + "holidays:\n  - { from: 24.12. }", "3: wrong-value: holidays.0.from: String should match"),
        (NAME + "holidays:\n  - { from: 02-30 }", "3: wrong-value: holidays.0: day is out of range for month"),
        (
            NAME + "holidays:\n  - { from: 2026-12-24, until: 12-26 }",
            "3: wrong-value: holidays.0: from and until are written alike",
        ),
        (
            NAME + "holidays:\n  - { from: 2026-12-24, until: 2026-12-23 }",
            "3: wrong-value: holidays.0: until must not be before from",
        ),
        (
            NAME + "holidays:\n  - { from: 2026-12-24, holiday: christmas }",
            "3: unknown-value: holidays.0.holiday: Input should be 'new_years_day'",
        ),
        (NAME + "greetings:\n  - { greeting: hello }", "3: wrong-value: greetings.0: write one of from, holiday and"),
        (
            NAME + "greetings:\n  - { season: heating, greeting: hello }",
            "3: unknown-value: greetings.0.season: there is no season heating",
        ),
        (NAME + "whole_years: [27]", "2: wrong-value: whole_years.0: Input should be greater than"),
    ],
)
def test_every_problem_is_named_with_its_line(tmp_path: Path, text: str, found: str) -> None:
    path = tmp_path / "organisation.yaml"
    path.write_text(text, encoding="utf-8")
    (finding,) = read_organisation(path)[1]
    assert str(finding).startswith(f"organisation.yaml:{found}"), finding


def test_one_name_is_heard_everywhere(tmp_path: Path) -> None:
    """No other name is in prompts and notices."""
    folder = copied(tmp_path)
    edit(
        folder / "organisation.yaml",
        "{ zh: 城市服务热线, en: City Service Hotline }",
        "{ zh: 城东供热, en: City Heating }",
    )
    configuration = load_configuration(folder)
    catalogue, notices = configuration.library.catalogue, configuration.notices
    assert notices is not None
    for name in ("greeting", "agent_greeting", "survey_opening", "survey_closing", "fallback_wait", "unknown_number"):
        assert "城东供热" in (catalogue.text(name, "zh") or ""), name
        assert "City Heating" in (catalogue.text(name, "en") or ""), name
    texts = [text.text for language in ("zh", "en") for text in catalogue.texts[language].values()]
    texts += [one for wording in notices.visits.values() for one in (wording.zh, wording.en)]
    texts += [
        one for event in notices.events.values() if event.reporter for one in (event.reporter.zh, event.reporter.en)
    ]
    assert any("城东供热" in text for text in texts)
    assert not [text for text in texts if re.search("热线|平台|(?<!survey.)hotline", text, re.IGNORECASE)]


def test_a_greeting_needs_its_prompts_and_its_place_in_the_flow(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    edit(
        folder / "organisation.yaml",
        "greetings:\n",
        "greetings:\n  - { season: heating, greeting: greeting_heating }\n",
    )
    missing = "call.greeting may also be greeting_heating, which is not among these"
    assert findings(folder) == [f"hotline.yaml:13: unknown-value: step welcome: {missing}"]
    edit(folder / "hotline.yaml", "among: [greeting,", "among: [greeting, greeting_heating,")
    assert findings(folder) == ["hotline.yaml:13: no-such-prompt: step welcome: there is no prompt greeting_heating"]
    for language in ("zh", "en"):
        edit(folder / "prompts" / f"{language}.yaml", "main_menu:", "greeting_heating: x\nmain_menu:")
    assert findings(folder) == []


def test_a_season_in_a_condition_is_one_of_the_file(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    edit(folder / "hotline.yaml", "call.open == false: closed", "call.season == heatin: closed")
    assert findings(folder) == [
        "hotline.yaml:21: unknown-value: step hours: call.season is never heatin; it is one of heating"
    ]
