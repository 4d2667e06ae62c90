"""Every value has its labels, and every refusal its Chinese text."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import pytest
from typer.testing import CliRunner

from ari_app.cli import app
from ari_app.desk.message_schema import desk_messages
from ari_app.web.labels import read_labels
from ari_app.web.problem_texts import shipped_texts
from crm.notices.catalogue import load_catalogue
from crm.tickets import transition_page
from dev.paths import PROJECT
from foundation.problems import Problem, ProblemDetails
from tests.unit.structure.source import python_files

GROUPS = read_labels()[0].groups
PACKAGES = ("ari_app", "crm", "recordings", "foundation")
OF_COMMANDS = ("ari_app.operations", "crm.starter")
OF_FILES = (
    "ari_app/ari/",
    "ari_app/queues/overflow",
    "ari_app/queues/s",
    "ari_app/queues/call_back_rules.py",
    "ari_app/queues/rules.py",
    "ari_app/runtime/configuration.py",
    "ari_app/settings.py",
    "ari_app/campaigns/hours.py",
    "ari_app/operations/",
    "ari_app/web/console.py",
    "ari_app/web/ice_servers.py",
    "ari_app/work/desk_file.py",
    "ari_app/web/labels.py",
    "ari_app/web/problem_texts.py",
    "ari_app/web/server.py",
    "crm/customers/importing/",
    "crm/notices/catalogue.py",
    "crm/personal_data/holdings.py",
    "crm/sla/",
    "crm/starter/",
    "crm/webhooks/",
    "crm/appointments/model.py",
    "foundation/database.py",
)
"""Rules of files, commands, imports and policies: none of them stands at a field of the desk."""
GAP = "7"
Kind = TypeVar("Kind")
INTERNAL = frozenset({"configuration-invalid"})


def subclasses(of: type[Kind]) -> Iterator[type[Kind]]:
    for one in of.__subclasses__():
        yield one
        yield from subclasses(one)


@pytest.fixture(scope="module")
def schemas() -> dict[str, list[str]]:
    """The values of each named type that the two descriptions have."""
    described = json.loads(CliRunner().invoke(app, ["openapi"]).stdout)
    found = {**described["components"]["schemas"], **desk_messages()["components"]["schemas"]}
    return {name: one["enum"] for name, one in found.items() if "enum" in one}


def test_every_type_of_the_descriptions_has_labels(schemas: dict[str, list[str]]) -> None:
    assert {name: set(values) for name, values in schemas.items()} == {
        name: set(GROUPS.get(name, {})) for name in schemas
    }


def test_every_group_of_labels_is_a_type_with_these_values() -> None:
    types = {one.__name__: {str(value) for value in one} for one in subclasses(StrEnum)}
    assert {name: set(values) for name, values in GROUPS.items()} == {name: types.get(name, set()) for name in GROUPS}


def test_notices_and_the_page_of_states_use_the_same_words() -> None:
    words = load_catalogue(PROJECT / "callflows" / "notices.yaml")._words
    pages: dict[str, Mapping[Any, tuple[str, str]]] = {
        "TicketAction": transition_page.ACTIONS,
        "TicketStatus": transition_page.STATES,
    }
    for variable, group in {
        "kind": "TicketKind",
        "status": "TicketStatus",
        "urgency": "Urgency",
        "reason": "RefusalReason",
        "clock": "ClockKind",
    }.items():
        assert {value: (one.zh, one.en) for value, one in words[variable].items()} == {
            value: (one.zh, one.en) for value, one in GROUPS[group].items()
        }
    for group, names in pages.items():
        assert {str(value): zh for value, (zh, _) in names.items()} == {
            value: one.zh for value, one in GROUPS[group].items()
        }


def test_every_problem_type_has_a_chinese_title() -> None:
    texts = shipped_texts()
    served = [one for one in subclasses(Problem) if one.__module__.startswith(PACKAGES)]
    slugs = {one.slug: one.title for one in served if not one.__module__.startswith(OF_COMMANDS)}
    untitled = []
    for slug, title in slugs.items():
        details = ProblemDetails(type=f"/problems/{slug}", title=title, status=400, detail="x")
        if slug not in INTERNAL and texts.worded(details, "zh").title == title:
            untitled.append(slug)
    assert not untitled


def rules(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the rules of a file, with a sample in each gap."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for value in rules_of(node):
            if (text := sample(value)) is not None:
                yield f"{path.relative_to(PROJECT)}:{value.lineno}", text


def rules_of(node: ast.AST) -> list[ast.expr]:
    """Return what a node says as a rule.

    It says it itself, by a name, or through a function.
    """
    if isinstance(node, ast.Assign):
        is_rule = any(isinstance(one, ast.Name) and one.id == "rule" for one in node.targets)
        return [node.value] if is_rule else []
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return []
    if node.func.id == "FieldProblem":
        return [keyword.value for keyword in node.keywords if keyword.arg == "rule"]
    if node.func.id == "ValueError":
        return node.args[:1]
    return [one for one in node.args if (text := sample(one)) is not None and text.startswith("must ")]


def sample(value: ast.expr) -> str | None:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value
    if isinstance(value, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else GAP for part in value.values)
    return None


def test_every_rule_of_a_form_has_its_code() -> None:
    texts = shipped_texts()
    missing = []
    for path in python_files():
        name = str(path.relative_to(PROJECT))
        if not name.startswith(PACKAGES) or name.startswith(OF_FILES):
            continue
        for place, text in rules(path):
            rule = re.sub(r"^[a-z7][a-z0-9_.]*(: | (?=must\b))", "", text)
            if rule != GAP and texts.rule(rule) is None:
                missing.append(f"{place}: {rule}")
    assert not missing, "add the rule to callflows/problems.yaml"


UNSAID = frozenset({"console", "database_url", "redis_url", f"{GAP} {GAP}", f"{GAP}{GAP}", GAP})
"""Settings of the process; a field and its rule, said at the field; a refusal that goes on from another."""


def details(path: Path, problems: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield details of problems, with a sample in each gap."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Raise) or not isinstance(node.exc, ast.Call) or not node.exc.args:
            continue
        named = node.exc.func
        text = sample(node.exc.args[0])
        if isinstance(named, ast.Name) and named.id in problems and text is not None:
            yield f"{path.relative_to(PROJECT)}:{node.lineno}", text


def test_every_refusal_of_a_request_has_its_chinese_sentence() -> None:
    texts, problems = shipped_texts(), frozenset(one.__name__ for one in subclasses(Problem))
    missing = []
    for path in python_files():
        name = str(path.relative_to(PROJECT))
        if not name.startswith(PACKAGES) or name.startswith(OF_FILES):
            continue
        for place, text in details(path, problems):
            if text not in UNSAID and texts.reason(text, "zh") == text:
                missing.append(f"{place}: {text}")
    assert not missing, "add the sentence to callflows/problems.yaml"
