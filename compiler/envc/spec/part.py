"""What the parts of a spec are made of: their own type, and the kinds of value that several have."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from envc.spec import field

__all__ = ["Part", "Script", "Words"]


class Part(BaseModel):
    """What all parts of a spec have in common: frozen, and no key that is not theirs.

    A field's description has the form that `envc.spec.description` reads.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


Script = Annotated[str, AfterValidator(field.script)]
"""A script for `/bin/sh -e`."""

Words = Annotated[
    tuple[Annotated[str, AfterValidator(field.word)], ...],
    AfterValidator(field.non_empty),
    AfterValidator(field.program),
]
"""A program and its words."""
