"""Results of calls: a tree of choices that may ask for facts."""

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import Field

from ari_app.queues.rules import ChoiceText
from crm.kinds import TicketKind
from crm.tickets.forms.model import FieldKind, FormField
from foundation.findings import Finding
from foundation.yaml_files import line_inside

DEEPEST = 3
"""Levels of a tree: what an agent finds with a few keys."""

Place = tuple[str | int, ...]
"""Way to an entry of the file, as keys and indexes."""


class Disposition(ChoiceText, frozen=True):
    """Result of a call, or a group of results."""

    choices: tuple["Disposition", ...] = Field(default=(), max_length=40)
    """A group has choices; the agent chooses one of them."""
    form: TicketKind | None = None
    """Form of tickets of this kind, as it is when the agent chooses."""
    fields: tuple[FormField, ...] = Field(default=(), max_length=20)
    """Fields that the agent fills in, where no form is named."""
    call_again: str | None = Field(default=None, max_length=40)
    """The field with the time at which the caller is called again: the call-back list has the caller from then on."""


Path = tuple[Disposition, ...]
"""A result with the groups above it, the outermost first."""


def results(dispositions: Sequence[Disposition], above: Path = ()) -> Iterator[Path]:
    """Yield every result, which is a choice without choices of its own."""
    for one in dispositions:
        if one.choices:
            yield from results(one.choices, (*above, one))
        else:
            yield (*above, one)


def result_of(dispositions: Sequence[Disposition], code: str) -> Path | None:
    """Return the result with a code."""
    return next((path for path in results(dispositions) if path[-1].code == code), None)


def wrong_dispositions(file: str, entry: Any, dispositions: Sequence[Disposition]) -> Iterator[Finding]:
    """Find choices of a queue that contradict each other, with their lines."""
    taken: set[str] = set()

    def look(level: Sequence[Disposition], place: Place, depth: int) -> Iterator[Finding]:
        for index, one in enumerate(level):
            here = (*place, index)
            written = ".".join(map(str, here))
            for rule, key, message in _broken(one, taken, depth):
                yield Finding(file, line_inside(entry, (*here, key)), rule, f"{written}: {message}")
            taken.add(one.code)
            yield from look(one.choices, (*here, "choices"), depth + 1)

    yield from look(dispositions, ("dispositions",), 1)


def _broken(one: Disposition, taken: set[str], depth: int) -> Iterator[tuple[str, str, str]]:
    """Yield rule, key and words of what is wrong with one choice."""
    if one.code in taken:
        yield "taken-code", "code", f"code {one.code} must be unique in the queue, it is not"
    if one.choices and depth >= DEEPEST:
        yield "tree-too-deep", "choices", f"choices: a tree has {DEEPEST} levels at most"
    if one.choices and (one.form is not None or one.fields):
        key = "form" if one.form is not None else "fields"
        yield "group-asks", key, f"{key}: a group asks for nothing, only the choices in it do"
    if one.form is not None and one.fields:
        yield "two-forms", "fields", "fields: write either form or fields"
    times = {field.name for field in one.fields if field.kind is FieldKind.MOMENT}
    if one.call_again is not None and one.call_again not in times:
        yield "no-such-time", "call_again", f"call_again: {one.call_again} must be a field of kind moment, it is not"
    names = [field.name for field in one.fields]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield "taken-name", "fields", f"fields: {name} must be unique, it is not"
