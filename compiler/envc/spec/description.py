"""A field's description, the one text that says what it means: in parts."""

from __future__ import annotations

import re

from envc.frozen import frozen
from envc.source import Source
from envc.syntax import parse
from envc.syntax.document import Data

__all__ = ["Description", "read_value"]

_FORM = re.compile(
    r"(?P<need>Required|Optional)\. (?P<meaning>.+?)"
    r"(?: Default: (?P<default>.+?)\.)? Example: `(?P<example>.+)`\."
)
_LITERAL = re.compile(r"`([^`]+)`")


@frozen
class Description:
    """What a description says.

    Attributes:
        is_required: Whether every spec, or every block that has the field, must have it.
        meaning: Sentences.
        default: What holds where the field is left out, in words or as a value in backticks,
            without a full stop; empty where it is required.
        example: A value as YAML has it in one line.
    """

    is_required: bool
    meaning: str
    default: str
    example: str

    @staticmethod
    def parse(text: str) -> Description:
        """Return the parts of `Required. MEANING. Example: …` or `Optional. MEANING. Default: … Example: …`.

        >>> Description.parse("Optional. Where commands start. Default: `/`. Example: `/app`.")
        Description(is_required=False, meaning='Where commands start.', default='`/`', example='/app')

        Raises:
            ValueError: The text has another form.
        """
        form = _FORM.fullmatch(text)
        if form is None or (form["need"] == "Required") == (form["default"] is not None):
            raise ValueError(f"not the description of a field: {text!r}")
        return Description(
            is_required=form["need"] == "Required",
            meaning=form["meaning"],
            default=form["default"] or "",
            example=form["example"],
        )

    @property
    def default_value(self) -> Data | None:
        """The default as data; None where it is said in words only."""
        literal = _LITERAL.fullmatch(self.default)
        return read_value(literal[1]) if literal else None


def read_value(text: str) -> Data:
    """Return a value in one line of YAML as data; scalars are text.

    >>> read_value("[linux/amd64, 3.10]")
    ['linux/amd64', '3.10']
    """
    document = parse(Source(name="value.yaml", text=f"value: {text}\n"))
    value = document.data_at(("value",))
    if value is None:
        raise ValueError(f"not a value: {text!r}")
    return value
