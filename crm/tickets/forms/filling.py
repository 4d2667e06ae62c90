"""Checks of a form's answers; every problem is named at once."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    StrictBool,
    StrictFloat,
    StrictInt,
    ValidationError,
    create_model,
)
from pydantic import Field as InputField

from crm.moments import Day, Moment
from crm.text import Lines, OneLine
from crm.tickets.errors import FormNotFilled
from crm.tickets.forms.model import FieldKind, FormField
from foundation.clock import utc_now
from foundation.problems import FieldProblem, broken_rules


def _not_in_the_future(day: date) -> date:
    # In zones further east the next day has begun: today's date there is accepted.
    if (day - utc_now().date()).days > 1:
        raise ValueError("must not be in the future")
    return day


TYPES: dict[FieldKind, Any] = {
    FieldKind.TEXT: Annotated[OneLine, InputField(min_length=1, max_length=200)],
    FieldKind.LINES: Annotated[Lines, InputField(min_length=1, max_length=4000)],
    FieldKind.NUMBER: Annotated[StrictInt | StrictFloat, InputField(ge=-1e12, le=1e12)],
    FieldKind.DATE: Day,
    FieldKind.PAST_DATE: Annotated[Day, AfterValidator(_not_in_the_future)],
    FieldKind.MOMENT: Moment,
    FieldKind.YES_NO: StrictBool,
}


def fill(fields: Sequence[FormField], answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return checked answers: known fields only, of the right kind, none missing.

    Raises:
        FormNotFilled: names each wrong field and its rule.
    """
    try:
        filled = _model(tuple(field.model_dump_json() for field in fields)).model_validate(dict(answers))
    except ValidationError as error:
        problems = {str(place[0])[:64]: rule for place, rule in broken_rules(error)}
        raise FormNotFilled(
            "the form's answers break its rules",
            [FieldProblem(field=f"form.{name}", rule=rule) for name, rule in problems.items()],
        ) from None
    return filled.model_dump(mode="json", exclude_none=True)


@lru_cache(maxsize=64)
def _model(fields: tuple[str, ...]) -> type[BaseModel]:
    asked = [FormField.model_validate_json(field) for field in fields]
    definitions: dict[str, Any] = {
        # A field's name may be reserved by pydantic, such as `json`.
        f"field_{field.name}": (
            _type(field) if field.required else _type(field) | None,
            InputField(alias=field.name) if field.required else InputField(default=None, alias=field.name),
        )
        for field in asked
    }
    config = ConfigDict(extra="forbid", serialize_by_alias=True)
    return create_model("Form", __config__=config, **definitions)


def _type(field: FormField) -> Any:
    if field.kind is FieldKind.CHOICE:
        return Literal[tuple(choice.value for choice in field.choices)]
    return TYPES[field.kind]
