"""An image provided: the engine is asked for it, then registries, and only then is it built."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from envc.build.checks.passed import recall_warnings
from envc.build.image import (
    Image,
    Wanted,
    adopt,
    approve,
    choose_platform,
    find,
    produce,
)
from envc.build.report.event import Notice
from envc.build.terms import ALL, Terms
from envc.diagnostics import Diagnostic
from envc.errors import ToolError
from envc.files import open_cache
from envc.pipeline.prepared import Prepared, checks_of
from envc.reference import ImageReference, names_registry
from envc.turn import turn

if TYPE_CHECKING:
    from envc.build.buildkit import BuildRequest
    from envc.build.remote import Registries
    from envc.build.report.event import BuildEvent
    from envc.engine.docker import Engine
    from envc.machine import Machine
    from envc.pipeline.memo import VariantResult

__all__ = ["Provider"]


@dataclass(frozen=True, kw_only=True)
class Provider:
    """Provides the image of one variant.

    Attributes:
        compiled: Its env ids, and its checks' identities, by platform.
        prepare: Reads all of the spec, which only a build or a check needs.
        request: Writes the context into a folder, and says how to build it.
        on_event: Told what happens meanwhile.
        on_build: Told once before an image is built.
        on_wanted: Told of each image of one platform before anybody is asked for it, and before it
            is built.
        require: Refuses platforms that cannot be built here, before any is.
    """

    engine: Engine
    machine: Machine
    terms: Terms
    compiled: VariantResult
    prepare: Callable[[], Prepared]
    request: Callable[[Prepared, Wanted, Path], BuildRequest]
    on_event: Callable[[BuildEvent], None]
    on_build: Callable[[], None]
    on_wanted: Callable[[Wanted], None] = lambda _: None
    require: Callable[[Prepared, Sequence[str]], None] = lambda _prepared, _platforms: None

    def provide(self) -> Image:
        """Return the image of the platforms that are wanted: of several, one that has them all."""
        known = tuple(self.compiled.env_ids)
        asked = known if ALL in self.terms.platforms else self.terms.platforms
        platforms = tuple(
            dict.fromkeys(
                choose_platform(known, one, self.engine.platform) for one in asked or (None,)
            )
        )
        env_ids = {platform: self.compiled.env_ids[platform] for platform in platforms}
        is_one = len(platforms) == 1
        if is_one:
            return self._name(*self._provide_each(env_ids))
        return self._name(self._provide_all(env_ids))

    def _provide_each(self, env_ids: Mapping[str, str]) -> list[Image]:
        """Return the image of each platform; none is built where another one cannot be."""
        found: list[tuple[Wanted, Image | None]] = []
        for platform, env_id in env_ids.items():
            wanted = Wanted.of(self.terms.repository, env_id, platform)
            self.on_wanted(wanted)
            found.append((wanted, self._find(wanted)))
        missing = [wanted.platform for wanted, image in found if image is None]
        if missing:
            self.require(self.prepare(), missing)
        images = []
        for wanted, image in found:
            if image is None:
                self.on_wanted(wanted)
                image = self._produce(wanted)
            images.append(self._publish(image, wanted))
        return images

    def _provide_all(self, env_ids: dict[str, str]) -> Image:
        """Return the image of several platforms, joined from theirs where no registry has it."""
        from envc.build.index import join

        wanted = Wanted.of_all(self.terms.repository, env_ids)
        parts = [
            Wanted.of(self.terms.repository, env_id, platform)
            for platform, env_id in env_ids.items()
        ]
        if self._may_be_elsewhere(parts) and (found := self._registries.find(wanted)) is not None:
            return found
        part = replace(self, terms=replace(self.terms, is_loaded=True, tags=()))
        images = part._provide_each(env_ids)
        joined = join(self.engine, images, self.terms.repository)
        pushed = tuple(name for image in images for name in image.pushed)
        return self._publish(replace(joined, pushed=pushed), wanted)

    def _may_be_elsewhere(self, parts: Sequence[Wanted]) -> bool:
        """Say whether to ask the registry for an image of several platforms, and leave it there."""
        terms = self.terms
        if terms.is_forced or terms.pull == "never" or self._is_needed_here:
            return False
        return self._has_registry and any(find(self.engine, one) is None for one in parts)

    def _find(self, wanted: Wanted) -> Image | None:
        """Return the image where somebody has it, and has it where it must be."""
        terms = self.terms
        if terms.is_forced:
            return None
        if terms.pull == "always" and (image := self._look_up(wanted)) is not None:
            return image
        checks = self.compiled.checks[wanted.platform]
        local = find(
            self.engine,
            wanted,
            has_passed=lambda one: recall_warnings(self.machine.cache, one, checks) is not None,
        )
        if local is not None:
            return self._approve(local, wanted)
        return self._look_up(wanted) if terms.pull == "missing" else None

    def _look_up(self, wanted: Wanted) -> Image | None:
        """Return the image where a registry has it; the engine gets it, should it need it."""
        for repository in (self.terms.repository, *self.terms.others):
            is_own = repository == self.terms.repository
            if is_own and not self._has_registry:
                continue
            there = Wanted.of(repository, wanted.env_id, wanted.platform)
            found = self._registries.find(there)
            if found is None:
                continue
            if is_own and not self._is_needed_here:
                return found
            self._registries.pull(self.engine, found, wanted)
            local = find(self.engine, wanted)
            if local is None:
                raise ToolError([_explain_pulled(found)])
            return replace(self._approve(local, wanted), registry=found.registry)
        return None

    def _approve(self, found: Image, wanted: Wanted) -> Image:
        """Return an image that was found, under its own name; what it has passed already is not
        looked at again."""
        checks = self.compiled.checks[found.platform]
        warnings = recall_warnings(self.machine.cache, found.digest, checks)
        if warnings is not None:
            return adopt(self.engine, replace(found, warnings=warnings), wanted)
        own = checks_of(self.prepare(), found.platform)
        return approve(self.engine, found, wanted, own, cache=self.machine.cache)

    def _produce(self, wanted: Wanted) -> Image:
        from envc.build.workplace import workplace

        cache, own = self.machine.cache, self.prepare()
        self.on_build()
        with workplace(cache / "contexts") as folder:
            return produce(
                self.engine,
                wanted,
                self.request(own, wanted, folder),
                checks_of(own, wanted.platform),
                self.on_event,
                lock=cache / "locks" / f"{wanted.env_id.removeprefix('sha256:')}.lock",
                cache=cache,
                is_forced=self.terms.is_forced,
            )

    def _publish(self, image: Image, wanted: Wanted) -> Image:
        """Return the image, which its registry has in the end where it must."""
        if not self.terms.is_pushed or not image.is_local:
            return image
        if (there := self._find_pushed(wanted)) is not None:
            return self._adopt(image, there)
        place = hashlib.sha256(wanted.name.encode()).hexdigest()
        lock = self.machine.cache / "locks" / f"push-{place[:32]}.lock"
        open_cache(lock.parent)
        notice = Notice(text=f"waiting for another envc, which pushes {wanted.name}")
        with turn(lock, lambda: self.on_event(notice)):
            return self._push(image, wanted)

    def _push(self, image: Image, wanted: Wanted) -> Image:
        if (there := self._find_pushed(wanted)) is not None:
            return self._adopt(image, there)
        try:
            digest = self._registries.push(self.engine, image, wanted.name)
        except ToolError:
            # Somebody else may have been first, in a registry where tags cannot be replaced.
            there = self._find_pushed(wanted)
            if there is None:
                raise
            return self._adopt(image, there)
        return replace(image, digest=digest, pushed=(*image.pushed, wanted.name))

    def _find_pushed(self, wanted: Wanted) -> Image | None:
        """Return the image where its registry has it, and where that is what was asked for."""
        return None if self.terms.is_forced else self._registries.find(wanted)

    def _adopt(self, image: Image, there: Image) -> Image:
        """Return an image, with the digest that all others know it by."""
        if there.digest != image.digest:
            text = f"{there.registry} has this environment already, as {there.digest}"
            self.on_event(Notice(text=text))
        return replace(image, digest=there.digest)

    def _name(self, image: Image) -> Image:
        """Return the image, which has all names that are wanted in the end."""
        pushed = image.pushed
        for name in self.terms.tags:
            if image.is_local:
                self.engine.tag(image.name, name)
            if not self.terms.is_pushed:
                continue
            if _repository_of(name) == _repository_of(image.name):
                self._registries.name(image, name)
            else:
                self._registries.push(self.engine, image, name)
            pushed = (*pushed, name)
        return replace(image, pushed=pushed)

    @cached_property
    def _registries(self) -> Registries:
        from envc.build.remote import Registries

        return Registries(
            environment=self.machine.environment,
            mirrors=self.machine.mirrors,
            on_event=self.on_event,
        )

    @property
    def _has_registry(self) -> bool:
        """Whether the image's own name says where to look for it."""
        return self.terms.is_pushed or names_registry(self.terms.repository)

    @property
    def _is_needed_here(self) -> bool:
        """Whether it is not enough that a registry has the image."""
        terms = self.terms
        is_movable = terms.is_pushed and all(
            _repository_of(name) == _repository_of(f"{terms.repository}:tag") for name in terms.tags
        )
        return terms.is_loaded or terms.pull == "always" or (bool(terms.tags) and not is_movable)


def _repository_of(name: str) -> tuple[str, str]:
    reference = ImageReference.parse(name)
    return reference.registry, reference.repository


def _explain_pulled(image: Image) -> Diagnostic:
    return Diagnostic(
        code="E604",
        message=f"the Docker engine cannot pull `{image.name}`",
        notes=("it says that it has, but does not have the image",),
        hint="look at the engine's log; `--pull never` builds the image here",
    )
