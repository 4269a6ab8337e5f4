"""What is wrong with a user's template, told as a diagnostic at its line."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from types import TracebackType

from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.plan.override import Overrides
from envc.source import Source, Span

__all__ = ["check_head", "translated"]

_STAGE = "`envc.plan.instruction.Stage object`"  # as jinja2 calls it
_DOCS = "docs/templates.md says what a template has"

# What BuildKit reads in a comment (https://docs.docker.com/reference/dockerfile/#parser-directives).
_DIRECTIVE = re.compile(r"#\s*(?:syntax|escape|check)\s*=", re.IGNORECASE)


@contextlib.contextmanager
def translated(overrides: Overrides) -> Iterator[None]:
    """Raise what a user's template raises as a diagnostic; what our own raise is our bug.

    Raises:
        InputError: The template is no template (E562), or fails when it is rendered (E563).
    """
    by_name = {source.name: source for source in overrides.sources.values()}
    try:
        yield
    except TemplateSyntaxError as error:
        source = by_name.get(error.filename or "")
        if source is None:
            raise
        hint = "see https://jinja.palletsprojects.com/templates/ for the language"
        message = f"this is not a template: {_lower(error.message)}"
        problem = Diagnostic.at(_line(source, error.lineno), "E562", message, hint=hint)
        raise InputError([problem]) from error
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        place = _locate(error.__traceback__, by_name)
        if place is None:
            raise
        message, hint = _explain(error)
        raise InputError([Diagnostic.at(place, "E563", message, hint=hint)]) from error


def check_head(text: str, source: Source) -> None:
    """Check that what a user's head renders has comments only: no id depends on it.

    Raises:
        InputError: It has something that Docker would read (E563).
    """
    for rendered in text.splitlines():
        line = rendered.strip()
        if not line or (line.startswith("#") and not _DIRECTIVE.match(line)):
            continue
        hint = "put it into `stage.j2` or `stages/NAME.j2`, which the ids depend on"
        message = f"a head has comments only, and this renders `{line}`"
        raise InputError(
            [Diagnostic.at(_line(source, _written(source, line)), "E563", message, hint=hint)]
        )


def _written(source: Source, text: str) -> int:
    """Return the number of the line that has a text as it was rendered, or else of the first."""
    numbers = range(1, source.line_count + 1)
    return next((number for number in numbers if text in source.line(number)), 1)


def _explain(error: Exception) -> tuple[str, str]:
    if isinstance(error, TemplateNotFound):
        hint = "write `envc/stage.j2` for envc's own, `parts/NAME.j2` for one of yours"
        return f"there is no template `{error.name}`", hint
    if isinstance(error, UndefinedError):
        return _lower(error.message).replace(_STAGE, "a stage"), _DOCS
    if isinstance(error, SecurityError):
        return f"a template must not do this: {_lower(error.message)}", _DOCS
    return f"the template fails: {_lower(str(error))}", _DOCS


def _locate(trace: TracebackType | None, by_name: dict[str, Source]) -> Span | None:
    """Return the line of a user's template that was the last to run."""
    place = None
    while trace is not None:
        source = by_name.get(trace.tb_frame.f_code.co_filename)
        if source is not None:
            place = _line(source, trace.tb_lineno)
        trace = trace.tb_next
    return place


def _line(source: Source, number: int) -> Span:
    """Return a line without its indentation; one past the end is the last."""
    number = min(max(number, 1), source.line_count)
    whole, text = source.line_span(number), source.line(number)
    indent = len(text) - len(text.lstrip())
    return source.span(whole.start + indent, whole.end)


def _lower(message: str | None) -> str:
    text = (message or "").strip().rstrip(".").replace("'", "`")
    return text[:1].lower() + text[1:]
