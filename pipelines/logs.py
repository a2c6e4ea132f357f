"""What is written to stderr while a command works, and how: plain lines, or one JSON object per line."""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from datetime import UTC, datetime
from enum import StrEnum

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class LogFormat(StrEnum):
    """How log lines are written."""

    TEXT = "text"
    JSON = "json"


class JsonLines(logging.Formatter):
    """One JSON object per record: `time`, `level`, `logger`, `message`, and what was given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update({key: value for key, value in vars(record).items() if key not in _STANDARD})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def configure(log_format: LogFormat, *, verbose: bool) -> None:
    """Set up runmart's own log, and keep dlt, dbt and Python's warnings silent unless `verbose`.

    Must be called before dlt is imported: dlt reads its log level then.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        JsonLines() if log_format is LogFormat.JSON else logging.Formatter("%(levelname)s: %(message)s")
    )
    own = logging.getLogger("runmart")
    own.handlers = [handler]
    own.propagate = False
    own.setLevel(
        logging.DEBUG if verbose else logging.INFO if log_format is LogFormat.JSON else logging.WARNING
    )
    # dlt's own JSON format would be put on this handler too.
    os.environ["RUNTIME__LOG_LEVEL"] = "INFO" if verbose and log_format is LogFormat.TEXT else "CRITICAL"
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    if not verbose:
        warnings.simplefilter("ignore")


def are_json() -> bool:
    """Whether log lines are JSON, so that nothing else may be written to stderr."""
    handlers = logging.getLogger("runmart").handlers
    return bool(handlers) and isinstance(handlers[0].formatter, JsonLines)
