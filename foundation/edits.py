"""Edits of one row by two persons at once."""

from pydantic import BaseModel, Field, JsonValue

from foundation.problems import Conflict, FieldProblem


class EditedMeanwhile(Conflict):
    """Another person changed the same fields meanwhile; `errors` names them."""

    slug = "edited-meanwhile"
    title = "Another person changed this meanwhile"


class Edit(BaseModel, extra="forbid"):
    """Changed fields of a row, with the values that its editor saw."""

    before: dict[str, JsonValue] = Field(default={}, max_length=40)
    """Values of changed fields when the row was opened; refused where others stand there now."""

    def given(self) -> dict[str, object]:
        """Return the changed fields with their new values."""
        return self.model_dump(exclude_unset=True, exclude={"before"})

    def check(self, present: BaseModel) -> None:
        """Compare what was seen with what is shown at present.

        Raises:
            EditedMeanwhile: another value stands in one of the fields now.
        """
        now = present.model_dump(mode="json")
        others = sorted(name for name, seen in self.before.items() if name in now and now[name] != seen)
        if others:
            problems = [FieldProblem(field=name, rule="was changed meanwhile; look again") for name in others]
            raise EditedMeanwhile("another person changed these fields meanwhile", problems)
