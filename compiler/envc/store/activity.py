"""What the store records unasked: builds and runs."""

from __future__ import annotations

from typing import Literal

from envc.frozen import frozen

__all__ = ["Build", "Outcome", "Run"]

Outcome = Literal["built", "cached", "failed"]


@frozen
class Build:
    """An image that was asked for, and what came of it.

    Attributes:
        env_id: `sha256:` and hex.
        variant: Empty where the spec has no matrix.
        image: Its name.
        digest: Of its manifest; None where there is no image.
        size_bytes: None where there is no image.
        spec: The path that was given, made absolute, or the version that was named.
        started: In s since 1970.
        exit_code: What `envc build` ended with on its behalf.
        log: The path of the build's log; None where nothing was built.
        number: The store's own, from 1; 0 where it is not recorded yet.
    """

    env_id: str
    variant: str = ""
    platform: str
    image: str
    digest: str | None
    size_bytes: int | None
    spec: str
    started: float
    duration_s: float
    outcome: Outcome
    exit_code: int = 0
    log: str | None = None
    number: int = 0


@frozen
class Run:
    """A command that ran in an image.

    Attributes:
        command: Empty where the image's own ran.
        exit_code: The command's; of one that did not start, envc's.
        log: The path of its output, where it was kept.

    The others are as `Build` has them.
    """

    env_id: str
    variant: str = ""
    platform: str
    image: str
    digest: str | None
    spec: str
    command: tuple[str, ...]
    started: float
    duration_s: float
    exit_code: int
    log: str | None = None
    number: int = 0
