"""Labels: names of the values that pages show, in both languages."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import structlog
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from dev.paths import PROJECT
from foundation.problems import FieldProblem, Invalid
from foundation.routes import PUBLIC, NoQuery, Request, Routes

SHIPPED = PROJECT / "callflows"
LABELS_FILE = "labels.yaml"

log = structlog.get_logger()


class TextsInvalid(Invalid):
    """`labels.yaml` or `problems.yaml` breaks a rule; nothing of it takes effect."""

    slug = "texts-file-invalid"
    title = "A file of texts breaks a rule"


class Label(BaseModel, extra="forbid", frozen=True):
    """Name of a value in both languages."""

    zh: Annotated[str, Field(min_length=1, max_length=60)]
    en: Annotated[str, Field(min_length=1, max_length=60)]


class LabelsView(BaseModel):
    """Labels of all values."""

    groups: dict[str, dict[str, Label]]
    """By the name of the type in this description, then by the value: `groups.TicketStatus.signed.zh`."""


Groups = Mapping[str, Mapping[str, Label]]
_GROUPS: TypeAdapter[dict[str, dict[str, Label]]] = TypeAdapter(dict[str, dict[str, Label]])


class Labels:
    """Catalogue of labels."""

    def __init__(self, groups: Groups) -> None:
        self.groups = groups

    def chinese(self, group: str, value: str) -> str:
        """Return the Chinese label of a value, else the value itself."""
        label = self.groups.get(group, {}).get(value)
        return label.zh if label is not None else value


def load_labels(folder: Path = SHIPPED) -> Labels:
    """Load the labels; the shipped ones complete the folder's file.

    Raises:
        TextsInvalid: the file cannot be read, or a rule is broken.
    """
    groups = _read(SHIPPED / LABELS_FILE)
    own = folder / LABELS_FILE
    if own.exists() and own.resolve() != (SHIPPED / LABELS_FILE).resolve():
        for name, values in _read(own).items():
            groups[name] = groups.get(name, {}) | values
    return Labels(groups)


def read_yaml(path: Path) -> object:
    """Return the content of a file of texts.

    Raises:
        TextsInvalid: the file cannot be read.
    """
    try:
        return YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise TextsInvalid(f"{path.name}: {error}", [FieldProblem(field="file", rule="must be YAML")]) from error


def broken(path: Path, error: ValidationError) -> TextsInvalid:
    """Return the refusal of a file, with every broken rule."""
    problems = [
        FieldProblem(field=".".join(map(str, one["loc"])), rule=one["msg"]) for one in error.errors(include_url=False)
    ]
    return TextsInvalid(f"{path.name}: " + "; ".join(f"{one.field}: {one.rule}" for one in problems), problems)


def _read(path: Path) -> dict[str, dict[str, Label]]:
    try:
        return _GROUPS.validate_python(read_yaml(path))
    except ValidationError as error:
        raise broken(path, error) from error


def routes(labels: Labels) -> Routes:
    """Return the route of labels."""
    table = Routes(tag="labels")
    view = LabelsView(groups={name: dict(values) for name, values in labels.groups.items()})

    @table.add(
        "GET",
        "/labels",
        roles=PUBLIC,
        summary="Return the labels of all values",
        response=LabelsView,
        revalidated=True,
    )
    async def all_labels(_request: Request[None, NoQuery]) -> LabelsView:
        return view

    return table
