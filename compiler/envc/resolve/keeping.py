"""What a new lock keeps of the old one: parts whose question is the same, and versions that still fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from envc.frozen import frozen
from envc.lock.intent import intent
from envc.lock.model import BaseImage, Intent, Lock, PlatformLock, Python
from envc.lock.package import CondaPackage, PipPackage, SourcePackage, SystemPackage
from envc.reference import ImageReference
from envc.resolve.base import CondaRequest, PipRequest, PipResolution, Requirement
from envc.spec.defaults import base_image, base_text, virtual_packages
from envc.spec.model import EnvSpec
from envc.spec.requirement import normal_name
from envc.spec.selector import split_selector

__all__ = ["Keeping", "Kept", "is_of_one_series", "pin_conda", "pin_pip"]

_CONDA_FIELDS = (
    "conda",
    "channels",
    "channel_priority",
    "virtual_packages",
    "exclude_newer",
    "conda_constraints",
    "distributions",
    "python",
)
_PIP_FIELDS = (
    "pip",
    "indexes",
    "wheels",
    "exclude_newer",
    "find_links",
    "pip_constraints",
    "pip_overrides",
    "sources",
    "sdists",
)


@frozen
class Keeping:
    """An old lock, and what of it is to move.

    Attributes:
        moving: Normalised names of packages that get what they would get with no old lock.
        keeps_images: Whether the base and the tools image keep their digests.
        keeps_parts: Whether packages that nobody asks for anew need no solver at all.
        keeps_tools: Whether what installs stays, where it still fits.
        wheels: The SHA-256 of local wheels as they lie there now, by path; None for one that is not
            there any more.
    """

    lock: Lock
    moving: frozenset[str] = frozenset()
    keeps_images: bool = True
    keeps_parts: bool = True
    keeps_tools: bool = True
    wheels: Mapping[str, str | None] = field(default_factory=dict)

    def on(self, platform: str) -> Kept | None:
        """Return what there is for a platform; None where that is nothing."""
        locked = self.lock.platforms.get(platform)
        if locked is None:
            return None
        return Kept(locked=locked, old=_select(self.lock.intent, platform), keeping=self)


@frozen
class Kept:
    """What an old lock has for one platform.

    Attributes:
        old: The part of its intent that is about this platform, without selectors.
    """

    locked: PlatformLock
    old: Intent
    keeping: Keeping

    def base(
        self,
        whole: EnvSpec,
        spec: EnvSpec,
        *,
        needs_python: bool,
        text: str | None = None,
        context: str | None = None,
    ) -> BaseImage | None:
        """Return the base as it is locked; None where somebody has to look at it again.

        Args:
            whole: The spec for all platforms.
            spec: What it says for this one.
            needs_python: Whether the base's Python becomes the environment's.
            text: The digest of the base's Dockerfile; None where it is an image.
            context: The digest of the files that this may copy, where something of the lock depends
                on them.
        """
        has_same_claims = spec.python == self.old.python and (
            virtual_packages(spec).get("__glibc") == self.old.virtual_packages.get("__glibc")
        )
        knows_enough = self.locked.base.python is not None or not needs_python
        built = self.locked.base.built
        has_same_text = text == (built.dockerfile if built is not None else None)
        known = built.context if built is not None else None
        has_same_files = None in {known, context} or known == context
        is_same = self._has_base(whole) and has_same_text and has_same_files
        is_same = is_same and has_same_claims and knows_enough
        return self.locked.base if is_same else None

    def pin_base(self, whole: EnvSpec) -> ImageReference:
        """Return the base's reference, with the digest that is locked where it is still that base."""
        reference = base_image(whole)
        if reference.digest is None and self._has_base(whole):
            return replace(reference, digest=self.locked.base.digest)
        return reference

    def pins(self) -> dict[str, str]:
        """Return the digests that any platform of the old lock has for images of a Dockerfile."""
        pins: dict[str, str] = {}
        for locked in self.keeping.lock.platforms.values() if self.keeping.keeps_images else ():
            pins |= locked.base.built.images if locked.base.built is not None else {}
        return pins

    def has_conda(self, spec: EnvSpec, base: BaseImage) -> bool:
        """Say whether the locked Conda packages answer what is asked now."""
        return self.may_have_conda(spec) and base.glibc == self.locked.base.glibc

    def may_have_conda(self, spec: EnvSpec) -> bool:
        """Say whether they do, unless there is another glibc."""
        now = intent(spec)
        return (
            self.keeping.keeps_parts
            and not self.moving_conda()
            and bool(self.locked.conda)
            and _agree(now, self.old, _CONDA_FIELDS)
            and _asks_pip(now) == _asks_pip(self.old)
        )

    def has_pip(
        self, spec: EnvSpec, base: BaseImage, python: Python, conda: Iterable[CondaPackage]
    ) -> bool:
        """Say whether the locked wheels answer what is asked now, beside these Conda packages."""
        glibc = virtual_packages(spec).get("__glibc") or base.glibc
        then = self.old.virtual_packages.get("__glibc") or self.locked.base.glibc
        return (
            self.keeping.keeps_parts
            and not self.moving_pip()
            and _asks_pip(self.old)
            and _agree(intent(spec), self.old, _PIP_FIELDS)
            and python == self.locked.python
            and glibc == then
            and _provided(conda) == _provided(self.locked.conda)
            and self._has_wheels()
        )

    def has_tools(
        self,
        base: BaseImage,
        python: Python | None,
        chosen: ImageReference | None,
        *,
        with_conda: bool,
        with_wheels: bool,
    ) -> bool:
        """Say whether the locked tools still install what there is to install.

        Another digest of the base is no reason to move them: layers need not be made anew for it.

        Args:
            python: The environment's.
            chosen: The image that the command line chose, or None.
        """
        tools, before = self.locked.tools, self.locked.base
        is_chosen = chosen is None or (
            chosen.canonical == tools.image and chosen.digest in {None, tools.digest}
        )
        return (
            self.keeping.keeps_images
            and self.keeping.keeps_tools
            and is_chosen
            and bool(tools.packages)
            and tools.python is not None
            and (base.image, base.glibc) == (before.image, before.glibc)
            and is_of_one_series(python, self.locked.python)
            and with_conda == bool(self.locked.conda)
            and (tools.has_uv or not with_wheels)
        )

    def has_system(self, spec: EnvSpec, base: BaseImage) -> bool:
        """Say whether the locked Debian packages answer what is asked now, on this base."""
        names = {one.name for one in self.locked.system}
        return (
            self.keeping.keeps_parts
            and self.keeping.moving.isdisjoint(names)
            and not self.locked.unresolved
            and _agree(intent(spec), self.old, ("system", "snapshot"))
            and base.digest == self.locked.base.digest
            and base.built == self.locked.base.built
            and (base.built is None or self.keeping.keeps_images)
        )

    def system(self) -> tuple[SystemPackage, ...]:
        """Return the Debian packages to prefer."""
        moving = self.keeping.moving
        return tuple(one for one in self.locked.system if one.name not in moving)

    def conda(self) -> tuple[CondaPackage, ...]:
        """Return the Conda packages to prefer."""
        moving = self.keeping.moving
        return tuple(one for one in self.locked.conda if normal_name(one.name) not in moving)

    def pip(self) -> tuple[PipPackage, ...]:
        """Return the wheels to prefer: those that are named by path or address need no preference."""
        moving = self.keeping.moving
        return tuple(one for one in self.locked.pip if normal_name(one.name) not in moving)

    def sources(self) -> tuple[SourcePackage, ...]:
        """Return what was built from its source, to prefer."""
        moving = self.keeping.moving
        return tuple(one for one in self.locked.sources if normal_name(one.name) not in moving)

    def build(self) -> tuple[PipPackage, ...]:
        """Return what builds sources, to prefer."""
        moving = self.keeping.moving
        return tuple(one for one in self.locked.build if normal_name(one.name) not in moving)

    def moving_conda(self) -> frozenset[str]:
        """Return the names of locked Conda packages that are to move."""
        names = frozenset(normal_name(one.name) for one in self.locked.conda)
        return self.keeping.moving & names

    def moving_pip(self) -> frozenset[str]:
        """Return the names of locked wheels and sources that are to move, and of what builds them."""
        packages = (*self.locked.distributions, *self.locked.build)
        return self.keeping.moving & {one.name for one in packages}

    def _has_base(self, whole: EnvSpec) -> bool:
        return self.keeping.keeps_images and base_text(whole) == self.old.base

    def _has_wheels(self) -> bool:
        """Say whether wheels and folders beside the spec are what they were when they were locked."""
        now = self.keeping.wheels
        wheels = ((one.path, one.sha256) for one in self.locked.pip)
        sources = ((one.path, one.sha256) for one in self.locked.sources)
        return all(
            now.get(path) == sha256 for path, sha256 in (*wheels, *sources) if path is not None
        )


def pin_conda(
    request: CondaRequest, packages: Iterable[CondaPackage], names: frozenset[str]
) -> CondaRequest:
    """Return a request that has to take these packages, as far as their names are among `names`."""
    pins = (
        Requirement(text=f"{one.name} =={one.version} {one.build}")
        for one in packages
        if normal_name(one.name) in names
    )
    return replace(request, constraints=(*request.constraints, *pins))


def pin_pip(request: PipRequest, answer: PipResolution, names: frozenset[str]) -> PipRequest:
    """Return a request that has to take these versions, as far as their names are among `names`."""
    wheels = ((one.name, one.version, one.index) for one in answer.packages)
    sources = ((one.name, one.version, one.index) for one in answer.sources)
    pins = (
        Requirement(text=f"{name}=={version}")
        for name, version, index in (*wheels, *sources)
        if name in names and index is not None
    )
    return replace(request, constraints=(*request.constraints, *pins))


def _asks_pip(intent: Intent) -> bool:
    return bool(intent.pip or intent.wheels or intent.sources)


def _select(old: Intent, platform: str) -> Intent:
    return old.model_copy(
        update={
            name: tuple(
                sorted(
                    text
                    for text, on in map(split_selector, getattr(old, name))
                    if on in {None, platform}
                )
            )
            for name in ("conda", "pip", "wheels", "system", "sources")
        }
    )


def _agree(now: Intent, then: Intent, names: Iterable[str]) -> bool:
    return all(getattr(now, name) == getattr(then, name) for name in names)


def _provided(conda: Iterable[CondaPackage]) -> set[tuple[str | None, str]]:
    return {(one.distribution, one.version) for one in conda}


def is_of_one_series(now: Python | None, then: Python | None) -> bool:
    """Say whether two Pythons are the same to installers: no Python is like no Python."""
    return (now and now.series) == (then and then.series)
