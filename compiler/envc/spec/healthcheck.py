"""The part of a spec that says how the engine finds out whether a container works."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from envc.spec import metadata
from envc.spec.part import BY_SHAPE, PARTS, TEXT, Part, Script, Words

__all__ = ["Healthcheck", "HealthcheckOrNone"]


_ScriptOrWords = Annotated[Annotated[Script, TEXT] | Annotated[Words, PARTS], BY_SHAPE]
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
    Annotated[str, AfterValidator(metadata.no_healthcheck), TEXT] | Annotated[Healthcheck, PARTS],
    BY_SHAPE,
]
"""A health check, or `none` for one that takes the base's away."""
