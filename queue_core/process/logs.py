"""How a process of ours writes its log: one line an event, to standard error."""

import logging
import sys

import structlog


def set_up(log_format: str) -> None:
    """log_format: text | json.  Tracebacks are plain: richer ones print local variables, which may be secrets."""
    if log_format == "json":
        last = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=repr)]
    else:
        colors = sys.stderr.isatty()
        last = [structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback)]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def set_up_like_tasktiger(logger_name: str) -> None:
    """JSON lines through the standard library's logger of that name, as TaskTiger's `setup_structlog` has them."""
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.filter_by_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=repr),
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(format="%(message)s")
    logging.getLogger(logger_name).setLevel(logging.DEBUG)
