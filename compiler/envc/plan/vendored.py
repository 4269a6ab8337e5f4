"""A pass over stages: what is fetched from the network comes from a vendor folder instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from envc.lock.package import filename_of
from envc.plan.instruction import Add, Copy, Instruction, Stage

__all__ = ["VENDOR", "from_vendor"]

VENDOR = "vendor"
"""What the Dockerfile calls the build context that is the vendor folder."""


def from_vendor(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    """Return the stages with every remote file taken from the vendor folder, by its SHA-256.

    The same bytes under the same names: what is made of them is the same.
    """
    return tuple(
        replace(stage, instructions=tuple(_take(one) for one in stage.instructions))
        for stage in stages
    )


def _take(instruction: Instruction) -> Instruction:
    if not isinstance(instruction, Add):
        return instruction
    to = instruction.to
    return Copy(
        stage=VENDOR,
        source=f"blobs/sha256/{instruction.sha256}",
        to=f"{to}{filename_of(instruction.url)}" if to.endswith("/") else to,
        origin=instruction.origin,
    )
