"""Logs: events with fields on standard error, for people or, as JSON, for programs."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from structlog.typing import Processor

FORMAT_VARIABLE = "PRECURSOR_WATCH_LOG"
"""`json` writes one JSON object a line; anything else a line for people. Child processes inherit it."""


def configure_logs(**bound: object) -> None:
    """Send our events, and what libraries log from WARNING up, to standard error as one line each.

    Args:
        **bound: Fields that every event carries from now on, e.g. the source.
    """
    is_json = os.environ.get(FORMAT_VARIABLE, "").lower() == "json"
    last: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if is_json
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, *last],
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    structlog.contextvars.bind_contextvars(app="precursor-watch", **bound)
