"""A base that is built from a user's Dockerfile: its part of the build, and of the image's identity."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace

from envc.canonical import Json
from envc.dockerfile.adapt import CONTEXT_FOLDER, Adapted, adapt
from envc.lock.model import PlatformLock
from envc.plan.context import ContextFile
from envc.plan.inputs import BaseRecipe
from envc.plan.instruction import Instruction, Run, Stage, User
from envc.plan.stage import choose, mount_scripts, script
from envc.platform import PLATFORMS
from envc.source import Span

__all__ = ["adapt_base", "base_files", "built_base_stages", "identify_base"]

_BASE = (
    "The base, as the Dockerfile above builds it; its C library is verified. Steps run as root,\n"
    "whoever the base's own user is."
)


def adapt_base(
    base: BaseRecipe, platforms: Mapping[str, PlatformLock], reserved: Container[str]
) -> Adapted:
    """Return the Dockerfile of a base as the head of the whole build's.

    Args:
        reserved: The names of the build's other stages.
    """
    return adapt(base.recipe, _pins(platforms), reserved=reserved, has_files=bool(base.files))


def built_base_stages(
    adapted: Adapted, platforms: Mapping[str, PlatformLock], origin: Span
) -> tuple[Stage, ...]:
    """Return the stage `base`, which stands on the last stage of the user's.

    Args:
        origin: Where the spec names the Dockerfile.
    """
    instructions: dict[str, tuple[Instruction, ...]] = {}
    for name, locked in platforms.items():
        own: tuple[Instruction, ...] = (User(user="0"),)
        if locked.conda or locked.python is not None:
            words = script("/bin/sh", "base.sh", locked.base.glibc)
            own = (*own, Run(words=words, mounts=mount_scripts("base.sh"), origin=origin))
        instructions[PLATFORMS[name].architecture] = own
    return choose("base", dict.fromkeys(instructions, adapted.stage), instructions, _BASE)


def base_files(base: BaseRecipe) -> tuple[ContextFile, ...]:
    """Return the context's files that the Dockerfile of a base copies."""
    return tuple(replace(file, path=f"{CONTEXT_FOLDER}/{file.path}") for file in base.files)


def identify_base(base: BaseRecipe, locked: PlatformLock) -> Json:
    """Return what an env id has of a base that is built: text, images, files, and the stage."""
    built = locked.base.built
    images = built.images if built is not None else {}
    return {
        "dockerfile": base.sha256,
        "images": [[name, digest] for name, digest in sorted(images.items())],
        "stage": base.recipe.final,
        "files": [[file.path, f"{file.mode:o}", file.sha256, file.link] for file in base.files],
    }


def _pins(platforms: Mapping[str, PlatformLock]) -> dict[str, str]:
    """Return the digests of all platforms' locks: an image has one digest for all of them."""
    pins: dict[str, str] = {}
    for locked in platforms.values():
        if locked.base.built is not None:
            pins = {**locked.base.built.images, **pins}
    return pins
