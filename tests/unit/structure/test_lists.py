"""Lists of the API: each is a file, or says why not."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ari_app.cli import app
from ari_app.exports.columns import HEADINGS
from ari_app.exports.http import name_of
from ari_app.exports.lists import LISTS, NO_FILE
from ari_app.runtime.schema import METADATA
from crm.audit.following import followed_fields
from crm.customers.model import CustomerDetail
from dev.paths import PROJECT
from foundation.reader import Language

WITHOUT_PAGE = {"/looks", "/supervisor-uses", "/outgoing-calls", "/duplicate-customers"}
"""Lists that no page shows as such: they are taken from the API."""
INSIDE = {"/appointments", "/left-open"}
"""Lists inside a response."""


@pytest.fixture(scope="module")
def paths() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(CliRunner().invoke(app, ["openapi"]).stdout)["paths"]
    return {path.removeprefix("/api/v1"): one for path, one in found.items()}


def is_list(route: dict[str, Any]) -> bool:
    """Return whether a route answers staff with a list."""
    content = route.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    return schema.get("type") == "array" and bool(route["get"].get("security"))


def test_every_list_is_a_file_or_has_a_reason(paths: dict[str, Any]) -> None:
    whole = {path for path, route in paths.items() if is_list(route) and "{" not in path}
    assert LISTS.keys() | NO_FILE.keys() == whole | INSIDE
    assert not LISTS.keys() & NO_FILE.keys()
    assert {f"{path}.{form}" for path in LISTS for form in ("csv", "xlsx")} <= paths.keys()


def test_every_file_has_its_own_name_and_worded_columns() -> None:
    assert len({name_of(path) for path in LISTS}) == len(LISTS)
    assert {column for one in LISTS.values() for column in one.columns} == HEADINGS.keys()
    assert all(one.derived.keys() <= set(one.columns) for one in LISTS.values())


def test_every_file_is_offered_on_a_page_with_its_list() -> None:
    sources = [path for path in (PROJECT / "console/src").rglob("*.*") if path.suffix in {".vue", ".ts"}]
    offering = [text for text in map(Path.read_text, sources) if "ExportLinks" in text or "LISTS" in text]
    linked = {found for text in offering for found in re.findall(r"'([a-z-/]+)'|\"([a-z-/]+)\"", text)}
    named = {f"/{one}" for pair in linked for one in pair if one}
    assert LISTS.keys() - named == WITHOUT_PAGE


@pytest.mark.parametrize(("language", "file"), [("zh", "zh-CN"), ("en", "en")])
def test_the_audit_page_calls_each_list_as_its_file_does(language: Language, file: str) -> None:
    words = PROJECT / f"console/src/features/audit/words/messages/{file}.json"
    assert json.loads(words.read_text())["list"] == {name_of(path): one.title(language) for path, one in LISTS.items()}


@pytest.mark.parametrize("file", ["zh-CN", "en"])
def test_the_audit_pages_have_a_word_for_each_field(file: str) -> None:
    assert METADATA.tables, "every table is imported"
    words = json.loads((PROJECT / f"console/src/features/audit/words/messages/{file}.json").read_text())["field"]
    assert followed_fields() - words.keys() == set()

    def said(path: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((PROJECT / f"console/src/{path}/messages/{file}.json").read_text())
        return found

    of_customers = said("features/customers/words")["audited"].keys() | said("features/customers")["fact"].keys()
    kept = CustomerDetail.model_fields.keys() - {"id", "version", "do_not_call_notice", "agent_name"}
    assert kept - of_customers - said("shared")["customer"].keys() == set()
