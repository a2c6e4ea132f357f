"""What went wrong, as a sentence on stderr and an exit code."""

from __future__ import annotations

import logging
import sys
import traceback
from dataclasses import dataclass

from pipelines import logs
from pipelines.output import end_quietly, note
from pipelines.warehouse import QueryError
from sources.common.errors import AuthenticationError, RunmartError, SettingsError

logger = logging.getLogger("runmart")

FAILED_CODE = 1
USAGE_CODE = 2
INTERRUPTED_CODE = 130

STOPPED = "Stopped. What was loaded until then is kept; run the command again to go on."


@dataclass(frozen=True)
class Told:
    """What went wrong, in a sentence, and the exit code that says so."""

    text: str
    exit_code: int


def report(error: BaseException, *, shows_traceback: bool) -> int:
    """Tell what went wrong; returns the exit code."""
    if isinstance(error, BrokenPipeError):
        end_quietly()
    if was_interrupted(error):
        tell(STOPPED)
        return INTERRUPTED_CODE
    if shows_traceback:
        traceback.print_exception(error)
    told = explain(error, hint="" if shows_traceback else "Run it again with --debug to see where.")
    tell(told.text)
    return told.exit_code


def explain(error: BaseException, hint: str) -> Told:
    """What went wrong, in a sentence.

    Args:
        hint: how to find out more about an error that nobody foresaw.
    """
    if isinstance(error, RunmartError):
        is_usage = isinstance(error, SettingsError | AuthenticationError | QueryError)
        return Told(sentence(str(error)), USAGE_CODE if is_usage else FAILED_CODE)
    # Typer's own errors: an unknown option, a missing argument. Their classes moved between its versions.
    if hasattr(error, "format_message"):
        said = error.format_message().replace("Value error, ", "").rstrip(".")
        return Told(sentence(f"{said}. See `{_command(error)} --help`."), USAGE_CODE)
    said = " ".join(str(error).split())[:500]
    what = f"Something went wrong that runmart did not foresee: {type(error).__name__}: {said}. {hint}"
    return Told(what.rstrip(), FAILED_CODE)


def was_interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C is behind an error: dlt wraps it like any other failure of a step."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False


def tell(text: str) -> None:
    """Write a sentence to stderr, in the format of the logs."""
    if logs.are_json():
        logger.error(text)
    else:
        note(text)
    sys.stderr.flush()


def sentence(text: str) -> str:
    """A text with a capital at its beginning and a stop at its end."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!", "…")) else ".")


def _command(error: BaseException) -> str:
    context = getattr(error, "ctx", None)
    return str(context.command_path) if context is not None else "runmart"
