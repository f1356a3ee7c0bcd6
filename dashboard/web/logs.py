"""Structured logs: one JSON object a line, with the request id, and never a secret."""

import logging
import sys
from typing import Any

import orjson
import structlog

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

log: structlog.typing.FilteringBoundLogger = structlog.get_logger("tradecounter")


def _to_json(entry: Any, **_: Any) -> bytes:
    return orjson.dumps(entry, default=str)


def configure(level: str, form: str) -> None:
    """Set up all logging of this process on standard error. `form` is json or text."""
    renderer: Any = structlog.processors.JSONRenderer(serializer=_to_json)
    factory: Any = structlog.BytesLoggerFactory(sys.stderr.buffer)
    if form == "text":
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        factory = structlog.PrintLoggerFactory(sys.stderr)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS.get(level, logging.INFO)),
        logger_factory=factory,
        cache_logger_on_first_use=False,
    )
