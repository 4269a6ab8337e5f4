"""What every part of a lock is made of: a frozen model, and the digests that pin bytes."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

__all__ = ["Commit", "Digest", "Part", "Sha256", "Size"]

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Commit = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})$")]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
Size = Annotated[int, Field(ge=0, strict=True)]


class Part(BaseModel):
    """What all parts of a lock have in common: frozen, and no key that is not theirs."""

    # No `defer_build`: before pydantic 2.14, threads that use a part for the first time at once fail.
    model_config = ConfigDict(frozen=True, extra="forbid")
