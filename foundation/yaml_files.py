"""YAML files that operators write, read with line numbers."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent

from foundation.findings import Finding

LONGEST_FILE_BYTES = 256 * 1024
DEEPEST_YAML = 40

_PLAINER = {
    "extra_forbidden": "there is no such field here",
    "missing": "this is required",
    "string_type": "write a text here; a number in quotes",
    "model_type": "write a mapping in braces",
    "dict_type": "write a mapping in braces",
    "list_type": "write a list, each entry after a dash",
}
"""Words for pydantic's messages that an author of these files understands."""
_RULES = {
    "extra_forbidden": "unknown-field",
    "missing": "missing-field",
    "enum": "unknown-value",
    "literal_error": "unknown-value",
}


def read_yaml(path: Path, *, aliases: bool = False, raw: bytes | None = None) -> tuple[Any, list[Finding]]:
    """Return a YAML document, or the finding that prevents it.

    `raw` is read in place of the file, which then only gives its name.
    """
    try:
        raw = path.read_bytes() if raw is None else raw
        if len(raw) > LONGEST_FILE_BYTES:
            return None, [_no_yaml(path, 1, f"the file is longer than {LONGEST_FILE_BYTES} bytes")]
        text = raw.decode("utf-8")
        fault = _unbounded(path, text, aliases)
        if fault is not None:
            return None, [fault]
        return YAML(typ="rt").load(text), []
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(part for part in (error.context, error.problem) if part)
        return None, [_no_yaml(path, mark.line + 1 if mark else 1, f"this is not YAML: {what}")]
    except OSError as error:
        return None, [Finding(path.name, 1, "unreadable", f"the file must be readable: {error.strerror}")]
    except (YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return None, [_no_yaml(path, 1, f"this cannot be read: {reason}")]


def broken_rules(node: Any, error: ValidationError, line: int = 1) -> Iterator[tuple[int, str, str]]:
    """Return a validation error as lines, rules and sentences.

    `node` is the validated part as written, beginning on `line`.
    """
    for fault in error.errors(include_url=False, include_context=False):
        path = [part for part in fault["loc"] if part != "[key]"]
        message = _PLAINER.get(fault["type"], fault["msg"].removeprefix("Value error, "))
        where = ".".join(map(str, path))
        rule = _RULES.get(fault["type"], "wrong-value")
        yield line_inside(node, path, line), rule, f"{where}: {message}" if where else message


def plain(value: Any) -> Any:
    """Convert a YAML value to Python's own types."""
    if isinstance(value, Mapping):
        return {plain(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value


def line_inside(node: Any, path: Sequence[Any], line: int = 1) -> int:
    """Return the line of a part as far as the path leads."""
    for part in path:
        below = _below(node, part)
        if below is None:
            break
        node, own = below
        # What is merged in from elsewhere has no line here; what it holds has its own.
        line = line if own is None else own
    return line


def _below(node: Any, part: Any) -> tuple[Any, int | None] | None:
    """Return the value under a key or an index, and its line."""
    if isinstance(node, CommentedMap):
        for key in (part, int(part) if isinstance(part, str) and part.isdecimal() else part):
            if key in node:
                return node[key], node.lc.key(key)[0] + 1 if key in (node.lc.data or {}) else None
    if isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
        return node[part], node.lc.item(part)[0] + 1
    return None


def _unbounded(path: Path, text: str, aliases: bool) -> Finding | None:
    """Find content that would grow in memory, before it is built."""
    depth = 0
    for event in YAML(typ="rt").parse(text):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > DEEPEST_YAML:
            return _no_yaml(path, event.start_mark.line + 1, "this is nested too deeply")
        if isinstance(event, AliasEvent) and not aliases:
            return _no_yaml(path, event.start_mark.line + 1, "aliases (*name) are not allowed; write it out")
    return None


def _no_yaml(path: Path, line: int, message: str) -> Finding:
    return Finding(path.name, line, "yaml", message)
