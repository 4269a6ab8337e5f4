"""The part of a spec that says how the engine finds out whether a container works."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Discriminator, Field, Tag

from envc.spec import metadata
from envc.spec.part import Part, Script, Words

__all__ = ["Healthcheck", "HealthcheckOrNone"]


def _shape(value: Any) -> str:
    return "text" if isinstance(value, str) else "parts"


_ScriptOrWords = Annotated[
    Annotated[Script, Tag("text")] | Annotated[Words, Tag("parts")], Discriminator(_shape)
]
_Duration = Annotated[str, AfterValidator(metadata.duration)]


class Healthcheck(Part):
    """How the engine finds out whether a container works."""

    run: _ScriptOrWords = Field(
        description="Required. What must exit with 0: a script for `/bin/sh -e`, or a list of a "
        "program and its words, as the image's user. Example: `curl -f http://localhost/`."
    )
    interval: _Duration = Field(
        default="30s",
        description="Optional. How long to wait between two checks: a number with `h`, `m`, `s` or "
        "`ms`, or several. Default: `30s`. Example: `1m`.",
    )
    timeout: _Duration = Field(
        default="30s",
        description="Optional. After how long a check has failed. Default: `30s`. Example: `5s`.",
    )
    start: _Duration | None = Field(
        default=None,
        description="Optional. How long a container may take to start: checks that fail in that "
        "time do not count. Default: none. Example: `10s`.",
    )
    retries: Annotated[str, AfterValidator(metadata.retries)] = Field(
        default="3",
        description="Optional. After how many failed checks in a row a container is unhealthy. "
        "Default: `3`. Example: `5`.",
    )


HealthcheckOrNone = Annotated[
    Annotated[str, AfterValidator(metadata.no_healthcheck), Tag("text")]
    | Annotated[Healthcheck, Tag("parts")],
    Discriminator(_shape),
]
"""A health check, or `none` for one that takes the base's away."""
