"""One line per thing done: a stable event name and fields; telephone numbers are masked."""

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from tongdai.text import mask_number


def configure(level: str = "info") -> None:
    """Set structlog up: readable on a terminal, JSON lines elsewhere, numbers masked in both.

    A traceback comes without its variables: they hold names and numbers, and drawing the rows of
    many tickets takes seconds in which nothing else is done.
    """
    to_terminal = sys.stderr.isatty()
    renderer: Any = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if to_terminal
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if to_terminal else [structlog.processors.format_exc_info]),
            mask_numbers,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        level=level.upper(), stream=sys.stderr, format="%(levelname)s %(name)s %(message)s"
    )
    for chatty in ("apscheduler", "asyncssh"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def mask_numbers(_logger: WrappedLogger, _method: str, entry: EventDict) -> EventDict:
    """Star the middle of every telephone number in every text of `entry`."""
    return {
        key: mask_number(value) if isinstance(value, str) and key != "timestamp" else value
        for key, value in entry.items()
    }
