"""Logs: one JSON line an entry, tracebacks included, personal numbers masked."""

import json
import logging
import sys
from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any

import msgspec
import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.types import Processor

from crm.personal_data.masking import mask_numbers_in

OWN = frozenset({"level", "part", "timestamp"})
"""Fields that the program fills with words of its own."""
_ENCODER = msgspec.json.Encoder(enc_hook=repr)


def configure(part: str) -> None:
    """Write this process's logs as JSON lines that name its part.

    Libraries' logs, warnings, failed tasks and the traceback that ends the process have the same form.
    """
    into_entry: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        lambda _logger, _name, entry: {**entry, "part": part},
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # Without the variables of each frame: they hold numbers, names and passwords (S29).
        structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
        mask,
    ]
    into_line = structlog.processors.JSONRenderer(json_line)
    structlog.configure(processors=[*into_entry, into_line], cache_logger_on_first_use=True)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *into_entry],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, into_line],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
    sys.excepthook = _log_end


def json_line(entry: Any, **_options: Any) -> str:
    """Return an entry as JSON, values of other kinds as their `repr`."""
    try:
        return _ENCODER.encode(entry).decode()
    except UnicodeEncodeError:
        # Half a surrogate pair: the call that is logged must not fail of it.
        return json.dumps(entry, default=repr, skipkeys=True)


def mask(_logger: Any, _name: str, entry: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Mask telephone and identity numbers in an entry's texts (S29)."""
    return {name: value if name in OWN else masked(value) for name, value in entry.items()}


def masked(value: Any) -> Any:
    """Return a value of an entry without telephone and identity numbers."""
    if isinstance(value, str):
        return mask_numbers_in(value)
    if isinstance(value, Mapping):
        return {name: masked(one) for name, one in value.items()}
    return [masked(one) for one in value] if isinstance(value, list | tuple) else value


def _log_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger().critical("process_failed", exc_info=(kind, error, trace))
