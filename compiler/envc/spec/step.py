"""The parts of a spec that happen while its image is built: files that come in, commands that run."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from envc.spec import copying, path
from envc.spec.field import FieldError
from envc.spec.part import (
    UNIQUE,
    Boolean,
    Part,
    Platform,
    RelativePath,
    Script,
    command_from_text,
)

__all__ = ["CopyStep", "RunStep", "Step"]


class CopyStep(Part):
    """Files from beside the spec that go into the image."""

    source: RelativePath = Field(
        alias="from",
        description="Required. A file or folder, by a path relative to the spec. Of a folder, its "
        "content is copied. Example: `src/`.",
    )
    to: Annotated[str, AfterValidator(path.target_path)] = Field(
        description="Required. Where it goes. Relative paths start at `workdir`; a file keeps its "
        "name where this ends in `/`. Example: `/app`."
    )
    owner: Annotated[str, AfterValidator(copying.owner)] | None = Field(
        default=None,
        description="Optional. Whose the files are: `UID`, `UID:GID` or a name that the image has. "
        "Folders that the image has already keep theirs. Default: root's. Example: `1000:1000`.",
    )
    mode: Annotated[str, AfterValidator(copying.mode)] | None = Field(
        default=None,
        description="Optional. The mode of the files, in octal digits; folders get execution beside "
        "reading, those that the image has already keep theirs. Default: `0644`, or `0755` for "
        "programs. Example: `0640`.",
    )
    ignore: Annotated[
        tuple[Annotated[str, AfterValidator(copying.ignore_pattern)], ...], UNIQUE
    ] = Field(
        default=(),
        description="Optional. Files of the folder that stay out, by patterns as in a .gitignore. "
        "Default: none, but for caches and version control. "
        'Example: `["*.pyc", tests/]`.',
    )


class RunStep(Part):
    """A command that runs while the image is built, as root."""

    command: Script = Field(
        description="Required. A script for `/bin/sh -e`. Example: `python -m compileall -q /app`."
    )
    network: Boolean = Field(
        default=False,
        description="Optional. Whether it may use the network. An image that needs one is not "
        "reproducible by construction. Default: `false`. Example: `true`.",
    )


class Step(Part):
    """One step: exactly one of `copy` and `run`."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["copy"]}, {"required": ["run"]}]}
    )

    copy_: CopyStep | None = Field(
        default=None,
        alias="copy",
        description="Optional. Files to copy into the image. Default: none. "
        "Example: `{from: src/, to: /app}`.",
    )
    run: (
        Annotated[
            RunStep,
            BeforeValidator(command_from_text, json_schema_input_type=Script | RunStep),
        ]
        | None
    ) = Field(
        default=None,
        description="Optional. A command to run while the image is built, as root. Default: none. "
        "Example: `python -m compileall -q /app`.",
    )
    on: Platform | None = Field(
        default=None,
        description="Optional. The only platform that the step is for, one of the spec's. "
        "Default: all of them. Example: `linux/amd64`.",
    )

    @model_validator(mode="after")
    def _check_one_action(self) -> Self:
        if self.copy_ is not None and self.run is not None:
            raise FieldError(
                "E221",
                "a step has both `copy` and `run`",
                hint="make two steps of it, in the order in which they should happen",
            )
        if self.copy_ is None and self.run is None:
            raise FieldError("E221", "a step has neither `copy` nor `run`", hint="add one of them")
        return self
