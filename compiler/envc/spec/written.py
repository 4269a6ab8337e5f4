"""A spec as it is written, before composition: for its schema and its manual, never to read one with.

What the words of composition mean is checked where they are honoured, in `envc.compose`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from envc.compose.param import VARIANT
from envc.compose.reference import NAME
from envc.spec import field
from envc.spec.field import FieldError
from envc.spec.model import EnvSpec
from envc.spec.part import BY_SHAPE, PARTS, TEXT, UNIQUE, Boolean, Line, Part

__all__ = ["ORDER", "Parameter", "Written", "is_required", "parameter_name", "variant_name"]

ORDER = ("environment", "extends", "include", "params", "matrix")
"""The keys that come first."""


def parameter_name(text: str) -> str:
    """Refuse what could not be the name of a parameter."""
    if not NAME.fullmatch(text):
        raise FieldError("E130", f"`{text}` cannot be the name of a parameter")
    return text


def variant_name(text: str) -> str:
    """Refuse what could not be the name of a variant."""
    if not VARIANT.fullmatch(text):
        raise FieldError("E136", f"`{text}` cannot be the name of a variant")
    return text


_File = Annotated[Line, Field(title="path of a spec")]
_Name = Annotated[str, AfterValidator(parameter_name)]
_Value = Annotated[str, AfterValidator(field.word), Field(title="value")]


def is_required(value: bool) -> bool:
    """Refuse to say that a parameter is not required: its default says so."""
    if not value:
        raise FieldError("E131", "a parameter that is not required has a default")
    return value


class Parameter(Part):
    """A parameter without a default."""

    required: Annotated[Boolean, AfterValidator(is_required)] = Field(
        description="Required. `true`: a value must be chosen, by `--set` or by the variant. "
        "Example: `true`."
    )


class Written(EnvSpec):
    """A spec with what composition takes away."""

    extends: _File | None = Field(
        default=None,
        description="Optional. The spec that this one starts from, by its path relative to this "
        "file. What is said here wins. Default: none. Example: `team/base.envc`.",
    )
    include: Annotated[tuple[_File, ...], UNIQUE] = Field(
        default=(),
        description="Optional. Files with parts of a spec that are added to this one, by their "
        "paths relative to this file. Default: none. Example: `[team/proxy.envc, extra.yaml]`.",
    )
    params: dict[
        _Name,
        Annotated[Annotated[_Value, TEXT] | Annotated[Parameter, PARTS], BY_SHAPE],
    ] = Field(
        default_factory=dict,
        description="Optional. Parameters by name, with their defaults. `${{ name }}` in a value "
        'stands for what is chosen. Default: none. Example: `{cuda: "12.4"}`.',
    )
    matrix: dict[Annotated[str, AfterValidator(variant_name)], dict[_Name, _Value]] = Field(
        default_factory=dict,
        description="Optional. Variants by name: each is an environment of its own, with values of "
        "its own for parameters. Default: one environment. "
        'Example: `{cpu: {cuda: none}, gpu: {cuda: "12.4"}}`.',
    )
