"""What the parts of a spec are made of: their own type, and the kinds of value that several have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
)

from envc.spec import field, path

__all__ = [
    "BY_SHAPE",
    "PARTS",
    "TEXT",
    "UNIQUE",
    "Boolean",
    "Line",
    "Part",
    "Platform",
    "RelativePath",
    "Script",
    "Variables",
    "Word",
    "Words",
    "command_from_text",
    "if_text",
    "packages_from_list",
]


class Part(BaseModel):
    """What all parts of a spec have in common: frozen, and no key that is not theirs.

    A field's description has the form that `envc.spec.description` reads.
    """

    # No `defer_build`: before pydantic 2.14, threads that use a part for the first time at once fail.
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _shape(value: Any) -> str:
    return "text" if isinstance(value, str) else "parts"


BY_SHAPE = Discriminator(_shape)
"""Of a value that is a text or has parts: which of them it is, it shows by itself."""
TEXT, PARTS = Tag("text"), Tag("parts")
"""The two shapes."""

UNIQUE = Field(json_schema_extra={"uniqueItems": True})
"""Of a list that names nothing twice."""


def packages_from_list(value: Any) -> Any:
    """Return a block's parts; a list stands for a block with packages only."""
    return {"packages": value} if isinstance(value, list) else value


def command_from_text(value: Any) -> Any:
    """Return a command's parts; a text stands for a command that has nothing else."""
    return {"command": value} if isinstance(value, str) else value


def if_text(rule: Callable[[str], str]) -> Callable[[Any], Any]:
    """Return a rule that leaves all but texts to what comes after it."""
    return lambda value: rule(value) if isinstance(value, str) else value


Line = Annotated[str, AfterValidator(field.line)]
"""A text that is not empty, without control characters."""

Script = Annotated[str, AfterValidator(field.script)]
"""A script for `/bin/sh -e`."""

Word = Annotated[str, AfterValidator(field.word)]
"""A word of a command; it may be empty."""

Words = Annotated[
    tuple[Word, ...],
    AfterValidator(field.non_empty),
    AfterValidator(field.program),
]
"""A program and its words."""

WordsOrNone = Annotated[tuple[Word, ...], AfterValidator(field.program)]
"""A program and its words, or an empty list: no program, whatever there would be otherwise."""

RelativePath = Annotated[str, AfterValidator(path.relative_path)]
"""A path below the spec's folder."""

Platform = Annotated[
    Literal["linux/amd64", "linux/arm64"],
    BeforeValidator(if_text(field.platform)),
    Field(title="platform"),
]
"""A platform that images are built for."""

Boolean = Annotated[
    bool,
    BeforeValidator(
        field.boolean,
        json_schema_input_type=Literal[True, False, "true", "false", "yes", "no"],
    ),
]
"""A truth value."""

_Value = Annotated[str, AfterValidator(field.variable_value)]
Variables = dict[
    Annotated[str, AfterValidator(field.variable_name)],
    Annotated[
        Annotated[_Value, TEXT]
        | Annotated[dict[Platform, _Value], AfterValidator(field.filled), PARTS],
        BY_SHAPE,
    ],
]
"""Variables by name: a text each, or a text for some platforms."""
