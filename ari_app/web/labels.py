"""Labels: names of the values that pages show, in both languages."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import structlog
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from dev.paths import PROJECT
from foundation.findings import Finding
from foundation.routes import PUBLIC, NoQuery, Request, Routes
from foundation.yaml_files import broken_rules, plain, read_yaml

SHIPPED = PROJECT / "callflows"
LABELS_FILE = "labels.yaml"

log = structlog.get_logger()


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
        return self.named(group, value, "zh")

    def named(self, group: str, value: str, language: Literal["zh", "en"]) -> str:
        """Return the label of a value, else the value itself."""
        label = self.groups.get(group, {}).get(value)
        return (label.zh if language == "zh" else label.en) if label is not None else value


def read_labels(folder: Path = SHIPPED) -> tuple[Labels, list[Finding]]:
    """Return the labels, completed with the shipped ones, and findings."""
    groups, findings = _read(SHIPPED / LABELS_FILE)
    own = folder / LABELS_FILE
    if own.exists() and own.resolve() != (SHIPPED / LABELS_FILE).resolve():
        of_folder, findings = _read(own)
        for name, values in of_folder.items():
            groups[name] = groups.get(name, {}) | values
    return Labels(groups), findings


def _read(path: Path) -> tuple[dict[str, dict[str, Label]], list[Finding]]:
    document, findings = read_yaml(path)
    if findings:
        return {}, findings
    try:
        return _GROUPS.validate_python(plain(document)), []
    except ValidationError as error:
        return {}, [Finding(path.name, *place) for place in broken_rules(document, error)]


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
