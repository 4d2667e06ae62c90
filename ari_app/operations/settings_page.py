"""Settings as Markdown: `hotline settings table`."""

from pathlib import Path
from typing import Any, get_args

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import AfterValidator, SecretStr
from pydantic.fields import FieldInfo

from ari_app.operations.locations import plain_value
from ari_app.settings import OTHER_VARIABLES, PREFIX, Settings, file_in_a_folder
from dev.paths import PROJECT, RUNTIME

HEAD = """\
# Settings

Rendered by `hotline settings table` from `ari_app/settings.py`.

Each is an environment variable; an empty one has its default. A value that breaks a rule, or names a database, a Redis
or a folder that cannot be used, ends the start with one line that names the variable. A variable that nothing reads is
named at the start, with the nearest known one. `.env.sample` lists all of them for the containers. `hotline up` obeys
all but those of the way to Asterisk, which it refuses by name: it starts an Asterisk of its own.

| variable | default | values | meaning |
|---|---|---|---|
"""
OTHERS = """
## Variables of scripts and containers

| variable | meaning |
|---|---|
"""
FREE = {bool: "true or false", str: "text", Path: "a folder", int: "a number", float: "a number", SecretStr: "secret"}


def rendered() -> str:
    """Return the page."""
    rows = [_row(name, field) for name, field in Settings.model_fields.items()]
    others = [f"| `{name}` | {_cell(meaning)} |\n" for name, meaning in OTHER_VARIABLES.items()]
    return "".join([HEAD, *rows, OTHERS, *others])


def default_of(name: str) -> str:
    """Return a setting's default as it is written in an environment file."""
    value = Settings.model_fields[name].default
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    text = plain_value(name, value)
    return text.replace(str(RUNTIME), ".runtime").replace(f"{PROJECT}/", "")


def _row(name: str, field: FieldInfo) -> str:
    cells = (f"`{PREFIX}{name.upper()}`", _default(name, field), _cell(_values(field)), _cell(field.description))
    return f"| {' | '.join(cells)} |\n"


def _default(name: str, field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    written = default_of(name)
    return f"`{written}`" if written else "empty"


def _values(field: FieldInfo) -> str:
    if literals := [value for value in get_args(field.annotation) if isinstance(value, str)]:
        return " or ".join(literals)
    rules = {type(rule): rule for rule in field.metadata}
    low, high = rules.get(Ge), rules.get(Le)
    if isinstance(low, Ge) and isinstance(high, Le):
        return f"{low.ge} to {high.le}"
    if isinstance(low, Ge):
        return f"{low.ge} or more"
    if isinstance(longest := rules.get(MaxLen), MaxLen):
        shortest = rules.get(MinLen)
        return f"{shortest.min_length if isinstance(shortest, MinLen) else 0} to {longest.max_length} characters"
    pattern = next((rule.pattern for rule in field.metadata if getattr(rule, "pattern", None)), None)
    if pattern is not None:
        return f"`{pattern}`"
    is_file = AfterValidator(file_in_a_folder) in field.metadata
    return "a file" if is_file else FREE.get(_plain(field.annotation), "list")


def _plain(annotation: Any) -> Any:
    """Return the type of an optional one."""
    return next((one for one in get_args(annotation) if one in FREE), annotation)


def _cell(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")
