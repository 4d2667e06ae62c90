"""H12: forms are data, and answers are checked against them."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from crm.kinds import TicketKind
from crm.tickets.errors import (
    AlreadyAssessed,
    FormChangedMeanwhile,
    FormNotFilled,
    NoSuchForm,
    NotAnApplication,
    NotAssessed,
)
from crm.tickets.forms.filling import fill
from crm.tickets.forms.model import FieldKind, FormField, FormInput
from crm.tickets.http import routes
from crm.tickets.listing import ListQuery
from crm.tickets.model import SYSTEM, Assessment, Channel, TicketStatus
from crm.tickets.service import TicketService
from foundation.clock import utc_now
from foundation.database import Database
from foundation.routes import Role
from tests.unit.crm.conftest import AGENT, SUPERVISOR, Place

HEATER = {"product": "燃气热水器", "model": "JSQ-24", "purchase_date": "2026-01-05", "purchase_channel": "online"}
EVERY_KIND = [
    FormField(name="text", kind=FieldKind.TEXT, zh="文", en="text"),
    FormField(name="lines", kind=FieldKind.LINES, zh="文", en="lines"),
    FormField(name="number", kind=FieldKind.NUMBER, zh="数", en="number"),
    FormField(name="json", kind=FieldKind.DATE, zh="日", en="named like a method of pydantic's"),
    FormField(name="bought", kind=FieldKind.PAST_DATE, zh="日", en="bought"),
    FormField(name="yes", kind=FieldKind.YES_NO, zh="是", en="yes"),
    FormField.model_validate(
        {
            "name": "floor",
            "kind": "choice",
            "zh": "层",
            "en": "floor",
            "choices": [{"value": "1", "zh": "一", "en": "1"}],
        }
    ),
]


async def test_h12_an_application_is_filed_accepted_and_dispatched(tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(kind="after_sales", channel="counter", form=HEATER), AGENT)
    assert (filed.channel, filed.form, filed.form_version) == (Channel.COUNTER, HEATER, 0)
    with pytest.raises(NotAssessed):
        await tickets.dispatch(filed.id, place.east, AGENT)
    accepted = await tickets.applications.accept(filed.id, "在保修期内", AGENT)
    assert (accepted.status, accepted.assessment) == (TicketStatus.REGISTERED, Assessment.ACCEPTED)
    for again in (tickets.applications.accept, tickets.applications.decline):
        with pytest.raises(AlreadyAssessed):
            await again(filed.id, "在保修期内", AGENT)
    assert (await tickets.dispatch(filed.id, place.east, AGENT)).status is TicketStatus.DISPATCHED


async def test_h12_a_declined_application_is_archived_with_the_grounds(tickets: TicketService, place: Place) -> None:
    filed = await tickets.file(place.fault(kind="after_sales", form=HEATER), AGENT)
    declined = await tickets.applications.decline(filed.id, "已过保修期", AGENT)

    assert (declined.status, declined.assessment) == (TicketStatus.ARCHIVED, Assessment.DECLINED)
    assert declined.closing_reason == "已过保修期"
    assert declined.closed_at is not None
    other = await tickets.file(place.fault(), AGENT)
    with pytest.raises(NotAnApplication):
        await tickets.applications.decline(other.id, "已过保修期", AGENT)


async def test_everything_wrong_with_a_form_is_named_at_once_and_nothing_is_filed(
    tickets: TicketService, place: Place
) -> None:
    form = {"product": " ", "purchase_date": (utc_now() + timedelta(days=30)).date().isoformat(), "colour": "white"}
    form["purchase_channel"] = "moon"
    with pytest.raises(FormNotFilled) as refused:
        await tickets.file(place.fault(kind="after_sales", form=form), AGENT)

    problems = {problem.field: problem.rule for problem in refused.value.errors}
    assert set(problems) == {"form.product", "form.purchase_date", "form.purchase_channel", "form.colour"}
    assert problems["form.purchase_date"] == "must not be in the future"
    assert await tickets.page(ListQuery(limit=9)) == []


async def test_a_machine_that_asks_nothing_files_without_a_form(tickets: TicketService, place: Place) -> None:
    assert (await tickets.file(place.fault(kind="after_sales"), SYSTEM)).form == {}
    with pytest.raises(FormNotFilled):
        await tickets.file(place.fault(kind="after_sales", form={"model": "JSQ-24"}), SYSTEM)
    with pytest.raises(FormNotFilled):
        await tickets.file(place.fault(kind="after_sales"), AGENT)


@pytest.mark.parametrize(
    ("answers", "kept"),
    [
        ({}, {}),
        ({"text": " a ", "lines": "a\nb", "number": 2}, {"text": "a", "lines": "a\nb", "number": 2}),
        ({"json": "2026-01-05", "yes": False, "floor": "1"}, {"json": "2026-01-05", "yes": False, "floor": "1"}),
        ({"text": None, "number": 2.5}, {"number": 2.5}),
    ],
)
def test_answers_are_stored_as_their_fields_take_them(answers: dict[str, Any], kept: dict[str, Any]) -> None:
    assert fill(EVERY_KIND, answers) == kept


@pytest.mark.parametrize(
    "answers",
    [
        {"text": "two\nlines"},
        {"text": 3},
        {"lines": "\x00"},
        {"number": "2"},
        {"number": True},
        {"number": 1e300},
        {"json": "yesterday"},
        {"bought": "2999-01-01"},
        {"yes": "yes"},
        {"floor": "2"},
        {"field_text": "a"},
        {"text": {"nested": "a"}},
    ],
)
def test_an_answer_that_does_not_fit_names_its_field(answers: dict[str, Any]) -> None:
    with pytest.raises(FormNotFilled) as refused:
        fill(EVERY_KIND, answers)
    assert {problem.field for problem in refused.value.errors} == {f"form.{name}" for name in answers}


async def test_a_changed_form_is_in_force_for_what_is_filed_from_then_on(tickets: TicketService, place: Place) -> None:
    before = await tickets.file(place.fault(), AGENT)
    since = FormField(name="since", kind=FieldKind.DATE, zh="何时开始", en="Since when", required=True)
    changed = await tickets.forms.replace(TicketKind.FAULT, FormInput(fields=[since]), 0, SUPERVISOR)
    assert changed.version == 1
    with pytest.raises(FormNotFilled):
        await tickets.file(place.fault(address=""), AGENT)
    after = await tickets.file(place.fault(address="", form={"since": "2026-07-01"}), AGENT)

    assert (before.form_version, after.form_version) == (0, 1)
    assert (await tickets.forms.of_version(TicketKind.FAULT, 0)).fields == []
    assert (await tickets.forms.of_version(TicketKind.FAULT, 1)).fields == [since]
    with pytest.raises(NoSuchForm):
        await tickets.forms.of_version(TicketKind.FAULT, 2)
    with pytest.raises(FormChangedMeanwhile) as refused:
        await tickets.forms.replace(TicketKind.FAULT, FormInput(fields=[]), 0, SUPERVISOR)
    assert "must be 1" in refused.value.errors[0].rule
    assert {form.kind: form.version for form in await tickets.forms.all()} == dict.fromkeys(TicketKind, 0) | {
        TicketKind.FAULT: 1
    }


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ([{"name": "Since", "kind": "date"}], "name"),
        ([{"name": "a", "kind": "choice"}], "choices"),
        ([{"name": "a", "kind": "text", "choices": [{"value": "1", "zh": "一", "en": "1"}]}], "choices"),
        ([{"name": "a", "kind": "choice", "choices": [{"value": "1", "zh": "一", "en": "1"}] * 2}], "twice"),
        ([{"name": "a", "kind": "text"}, {"name": "a", "kind": "date"}], "more than one is named a"),
        ([{"name": "a", "kind": "colour"}], "kind"),
    ],
)
def test_a_form_that_makes_no_sense_is_refused(fields: list[dict[str, Any]], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        FormInput.model_validate({"fields": [{"zh": "文", "en": "text"} | field for field in fields]})


def test_only_administrators_change_forms(sqlite_database: Database) -> None:
    table = {(route.method, route.path): route.roles for route in routes(TicketService(sqlite_database)).table}
    assert table["PUT", "/api/v1/ticket-forms/{kind}"] == {Role.ADMINISTRATOR}
