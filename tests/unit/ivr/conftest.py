"""Flows written by a test, read as files are."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from ivr.flow_file import read_flow
from ivr.grammar import Flow

WriteFlow = Callable[[str], Flow]


@pytest.fixture
def flow(tmp_path: Path) -> WriteFlow:
    """Reads a flow that must be in order."""

    def read(text: str) -> Flow:
        path = tmp_path / "flow.yaml"
        path.write_text(dedent(text))
        file = read_flow(path)
        assert not file.findings, "\n".join(map(str, file.findings))
        assert file.flow is not None
        return file.flow

    return read
