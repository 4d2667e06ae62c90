"""Starter set as its file has it."""

from collections import Counter
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from crm.kinds import TicketKind
from crm.starter.errors import StarterSetInvalid
from crm.text import OneLine
from foundation.problems import FieldProblem, broken_rules

SHIPPED = Path(__file__).with_name("shipped.yaml")

Name = Annotated[OneLine, Field(min_length=1, max_length=100)]
EnglishName = Annotated[OneLine, Field(max_length=100)]


class StarterDepartment(BaseModel, extra="forbid", frozen=True):
    """Department of a starter set."""

    name: Name
    name_en: EnglishName = ""
    area: Annotated[OneLine, Field(max_length=60)] = ""
    above: Name | None = None
    """Department under which it stands; listed before it."""


class StarterCause(BaseModel, extra="forbid", frozen=True):
    """Cause with its proposed department."""

    name: Name
    name_en: EnglishName = ""
    department: Name | None = None
    kinds: list[TicketKind] = []
    """Kinds of tickets that it fits; those of its group where none stand here."""


class StarterGroup(StarterCause, frozen=True):
    """Cause with those under it."""

    causes: list[StarterCause] = []


class StarterSet(BaseModel, extra="forbid", frozen=True):
    """Departments and causes to begin with."""

    departments: list[StarterDepartment] = []
    categories: list[StarterGroup] = []

    @model_validator(mode="after")
    def _names_are_known_and_used_once(self) -> "StarterSet":
        causes = [cause for group in self.categories for cause in (group, *group.causes)]
        for names in ([one.name for one in self.departments], [one.name for one in causes]):
            if twice := [name for name, count in Counter(names).items() if count > 1]:
                raise ValueError(f"each name stands once: {', '.join(twice)}")
        known: set[str] = set()
        for department in self.departments:
            if department.above is not None and department.above not in known:
                raise ValueError(f"{department.name} stands under {department.above}, which is not listed before it")
            known.add(department.name)
        if unknown := sorted({cause.department for cause in causes if cause.department} - known):
            raise ValueError(f"causes name departments that are not listed: {', '.join(unknown)}")
        return self


def read_starter_set(path: Path = SHIPPED) -> StarterSet:
    """Read a starter set; the shipped one by default.

    Raises:
        StarterSetInvalid: unreadable, or a rule is broken.
    """
    try:
        document = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _invalid(path, "file", f"must be readable: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _invalid(path, "file", "must be UTF-8 text") from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _invalid(path, f"line {line}", f"must be YAML: {error.problem}") from error
    try:
        return StarterSet.model_validate(document if document is not None else {})
    except ValidationError as error:
        place, rule = broken_rules(error)[0]
        raise _invalid(path, ".".join(str(part) for part in place) or "file", rule) from error


def _invalid(path: Path, field: str, rule: str) -> StarterSetInvalid:
    return StarterSetInvalid(f"{path.name}: {field}: {rule}", [FieldProblem(field=field, rule=rule)])
