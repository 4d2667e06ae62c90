"""The `hotline` command, as an operator types it."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ari_app.cli import app
from dev.paths import PROJECT
from tests.callflows import copied, edit
from tests.unit.web.structure import faults

pytestmark = pytest.mark.slow

BOUNDED = {"enum", "const", "pattern", "format"}
FREE_TEXT = {"text", "area", "q", "name", "number", "reporter_number", "team"}
"""Query parameters that hold what a person typed, a file's name included."""


def hotline(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env=environment)


def test_a_setting_that_is_missing_is_named() -> None:
    result = hotline("serve")
    assert result.exit_code == 2
    assert "HOTLINE_ARI_PASSWORD: Field required" in result.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("flows", "draw", "nothing"), "flow: must be one of hotline, survey"),
        (("flows", "draw", "hotline", "--language", "fr"), "language: must be one of zh, en"),
        (("flows", "draw", "hotline", "--output", "/nowhere/x.svg"), "--output: /nowhere/x.svg cannot be written"),
    ],
)
def test_unreadable_flows_are_refused_in_words(arguments: tuple[str, ...], told: str) -> None:
    result = hotline(*arguments)
    assert result.exit_code == 2
    assert told in result.output


def test_findings_are_printed_and_are_exit_code_1(tmp_path: Path) -> None:
    """A warning, too: what is printed as wrong is not in order."""
    folder = copied(tmp_path)
    assert hotline("flows", "check", str(folder)).exit_code == 0
    edit(folder / "hotline.yaml", "fallback: person\n", "")
    result = hotline("flows", "check", str(folder))
    assert result.exit_code == 1
    assert result.output.startswith("hotline.yaml:1: no-fallback: there is no fallback")
    assert result.output.endswith("(warning)\n")
    edit(folder / "hotline.yaml", "kind: fault,", "kind: falt,")
    for command in (("check",), ("flows", "check", str(folder))):
        result = hotline(*command, HOTLINE_ARI_PASSWORD="x", HOTLINE_CALLFLOWS=str(folder))
        assert result.exit_code == 1
        assert re.search(
            r"^hotline.yaml:\d+: unknown-value: step repair: there is no kind falt", result.output, re.MULTILINE
        )


def test_a_folder_that_is_not_there_is_said() -> None:
    result = hotline("flows", "check", "/nowhere")
    assert result.exit_code == 2
    assert result.output == "there is no folder /nowhere\n"


def test_check_names_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = hotline("check", HOTLINE_ARI_PASSWORD="x", HOTLINE_RECORDINGS=str(tmp_path / "file" / "x"))
    assert result.exit_code == 2
    assert f"HOTLINE_RECORDINGS: the folder {tmp_path}/file/x cannot be made in {tmp_path}/file" in result.output


def test_a_service_whose_flows_have_errors_says_where_and_ends(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "callflows", tmp_path / "callflows")
    flow = tmp_path / "callflows" / "survey.yaml"
    flow.write_text(flow.read_text() + "  lost: { goto: nowhere }\n")
    settings = {
        "HOTLINE_ARI_PASSWORD": "x",
        "HOTLINE_DATABASE_URL": f"sqlite:///{tmp_path / 'hotline.db'}",
        "HOTLINE_CALLFLOWS": str(tmp_path / "callflows"),
        "HOTLINE_SPOOL": str(tmp_path / "spool"),
    }
    serving = subprocess.run(
        [sys.executable, "-m", "ari_app.cli", "serve"],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert serving.returncode == 2
    (line,) = serving.stdout.splitlines()
    assert "hotline_refused" in line
    assert "survey.yaml:" in line


def test_check_beside_make_run_needs_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOTLINE_ARI_PASSWORD", raising=False)
    result = hotline("check")
    assert result.exit_code == 0, result.output
    assert "in order" in result.output


def test_description_of_the_whole_api_has_names_that_a_console_can_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOTLINE_ARI_PASSWORD", raising=False)
    result = hotline("openapi")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert faults(document) == []
    assert len(document["paths"]) > 100
    # Two models of one name would be called after their modules: one of the classes wants another name.
    assert [name for name in document["components"]["schemas"] if not re.fullmatch("[A-Z][A-Za-z]+", name)] == []
    assert list(unbounded_queries(document)) == []


def unbounded_queries(document: dict[str, Any]) -> Iterator[str]:
    """Yield query parameters that take any word.

    A misspelt one would find nothing.
    """
    for path, item in document["paths"].items():
        for operation in item.values():
            for parameter in operation["parameters"]:
                kinds = parameter["schema"].get("anyOf", [parameter["schema"]])
                words = [one for one in kinds if one.get("type") == "string" and not one.keys() & BOUNDED]
                if parameter["in"] == "query" and words and parameter["name"] not in FREE_TEXT:
                    yield f"{path}: {parameter['name']}"
