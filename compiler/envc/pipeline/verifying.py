"""A spec's image is built twice, or once against one that exists, and compared: what `verify` does."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from envc.frozen import frozen
from envc.machine import Machine
from envc.mark import temporary_folder
from envc.pipeline.building import BuildOptions, build_request, require_runnable
from envc.pipeline.prepared import Prepared, output_files, prepare, render_plan
from envc.reference import ImageReference

if TYPE_CHECKING:
    from envc.build.buildkit import BuildRequest, BuildResult
    from envc.build.comparison.twin import ImageDifference
    from envc.build.comparison.verdict import Verified
    from envc.build.report.event import BuildEvent
    from envc.engine.docker import Engine
    from envc.source import Span

__all__ = ["verify"]

# File systems and archives count whole seconds: two builds within one would be equal by chance.
_PAUSE_S = 1.1


def verify(
    path: Path,
    machine: Machine,
    options: BuildOptions,
    on_event: Callable[[BuildEvent], None],
    on_build: Callable[[str], None] = lambda _: None,
    *,
    platforms: Sequence[str] = (),
    against: ImageReference | None = None,
) -> tuple[Verified, ...]:
    """Build each image of a spec twice from nothing, and say whether the two are equal.

    None of them gets the image's name, and what they leave in the engine is taken away again; in
    BuildKit's cache, only where nobody else has built meanwhile.

    Args:
        options: How to build; names and whether to use caches are not heeded.
        on_event: Told what happens while an image is built.
        on_build: Told what is built next.
        platforms: Those to build for; empty for the engine's own, or else the spec's first.
        against: An image of the engine, else of a registry, to compare one build with instead.

    Raises:
        InputError: The spec or its lock is wrong, or a step fails (E61x), or there is no image to
            compare with (E370, E371).
        UsageError: The spec does not have a platform (E003), a variant (E007, E008) or a parameter
            (E006), or `against` is one image and there are several (E009).
        ToolError: The engine, BuildKit or a registry fails (E38x, E60x, E61x), or an image cannot be
            read (E662).
    """
    from envc.build.image import choose_platform
    from envc.engine.docker import Engine
    from envc.variant import in_variant, require_one

    prepared = prepare(
        path,
        machine,
        machine.mirrors,
        variants=options.variants,
        choice=options.choice,
        templates=options.templates,
        is_vendored=options.vendor is not None,
    ).variants
    if against is not None:
        require_one(tuple(prepared), "an image is compared with that of")
    found: list[Verified] = []
    with Engine.connect(machine.environment) as engine:
        for name, own in prepared.items():
            offered = tuple(own.plan.env_ids)
            asked: Sequence[str | None] = tuple(dict.fromkeys(platforms)) or (None,)
            chosen = [choose_platform(offered, one, engine.platform) for one in asked]
            with in_variant(name):
                forced = replace(options, no_cache=True)
                require_runnable(own, chosen, engine=engine, machine=machine, options=forced)
            for platform in chosen:
                task = _Task(
                    engine=engine,
                    prepared=own,
                    platform=platform,
                    machine=machine,
                    options=options,
                    on_event=on_event,
                    on_build=on_build,
                )
                with in_variant(name):
                    found.append(task.verify(against))
    return tuple(found)


@frozen
class _Task:
    """One image that is to be built and compared."""

    engine: Engine
    prepared: Prepared
    platform: str
    machine: Machine
    options: BuildOptions
    on_event: Callable[[BuildEvent], None]
    on_build: Callable[[str], None]

    def verify(self, against: ImageReference | None) -> Verified:
        from envc.build.image import Wanted
        from envc.build.leftover import look, remove_since
        from envc.build.storage import require_storable

        require_storable(self.options.compression, self.engine.describe())
        env_id = self.prepared.plan.env_ids[self.platform]
        wanted = Wanted.of(self.options.terms.repository, env_id, self.platform)
        options = replace(self.options, no_cache=True)
        chosen = {"BUILDX_BUILDER": options.builder} if options.builder is not None else {}
        before = look({**self.machine.environment, **chosen})
        built: list[BuildResult] = []
        try:
            with ExitStack() as stack:
                # Asked for before anything is built, which may take long.
                other = stack.enter_context(self._other(against)) if against is not None else None
                folder = stack.enter_context(temporary_folder("context"))
                request = build_request(self.prepared, wanted, Path(folder), self.machine, options)
                built.append(self._build(request, wanted.name, 1))
                if other is not None:
                    return self._judge(built[0], *other, against)
                time.sleep(_PAUSE_S)
                built.append(self._build(request, wanted.name, 2))
                return self._judge(built[0], built[1].digest, built[1].image, None)
        finally:
            for number in (1, 2):
                self.engine.untag(_temporary(wanted.name, number))
            remove_since(before, [one.build for one in built])

    def _build(self, request: BuildRequest, name: str, number: int) -> BuildResult:
        from envc.build.buildkit import build

        log = request.log if number == 1 else request.log.with_name(f"{request.log.name}.{number}")
        wanted = replace(request, tag=_temporary(name, number), log=log)
        words = (self.prepared.variant, self.platform, f"build {number}")
        self.on_build(", ".join(filter(None, words)))
        return build(wanted, self.on_event)

    @contextmanager
    def _other(self, against: ImageReference) -> Iterator[tuple[str, str]]:
        """Give the digest of an image that exists, and the name that the engine has it by; what had to
        be pulled for it is gone afterwards."""
        from envc.platform import PLATFORMS
        from envc.registry.asked import mirror_reference
        from envc.registry.client import Registry

        local = self.engine.find(str(against))
        if local is not None and local.platform == self.platform:
            yield local.digest or local.id, str(against)
            return
        platform, mirrors = PLATFORMS[self.platform], self.machine.mirrors
        registry = Registry(
            environment=self.machine.environment, mirrors=mirrors, tell=self.machine.tell
        )
        digest = registry.resolve(against, platform).digest
        pinned = replace(mirror_reference(against, mirrors), tag=None, digest=digest)
        name = f"{pinned.registry}/{pinned.repository}@{digest}"
        is_new = self.engine.find(name) is None
        if is_new:
            self.engine.pull(pinned, platform, lambda _: None)
        try:
            yield digest, name
        finally:
            if is_new:
                self.engine.untag(name)

    def _judge(
        self, first: BuildResult, digest: str, name: str, against: ImageReference | None
    ) -> Verified:
        from envc.build.comparison.verdict import Verified, explain

        difference = None
        origin: Span | None = None
        if first.digest != digest:
            from envc.build.comparison.saved import read_saved
            from envc.build.comparison.twin import compare_images

            one, other = (
                read_saved(partial(self.engine.save, image)) for image in (first.image, name)
            )
            difference = compare_images(one, other)
            if difference is not None:
                origin = self._find_origin(difference, one.config)
        verified = Verified(
            variant=self.prepared.variant,
            platform=self.platform,
            env_id=self.prepared.plan.env_ids[self.platform],
            digests=(first.digest, digest),
            difference=difference,
            outside=_list_outside(self.prepared),
            problems=(),
        )
        problem = explain(verified, origin, against.familiar if against is not None else None)
        return verified if problem is None else replace(verified, problems=(problem,))

    def _find_origin(
        self, difference: ImageDifference, config: Mapping[str, object]
    ) -> Span | None:
        """Return the place in the spec of the step that made the layer that differs."""
        from envc.plan.chain import list_instructions, match_layers

        history = config.get("history")
        if difference.layer is None or not isinstance(history, list):
            return None
        made = match_layers(history, list_instructions(self.prepared.plan, self.platform))
        instruction = made[difference.layer] if difference.layer < len(made) else None
        return getattr(instruction, "origin", None)


def _temporary(name: str, number: int) -> str:
    return f"{name}-verify-{os.getpid()}-{number}"


def _list_outside(prepared: Prepared) -> tuple[str, ...]:
    """Return what the image's own `image.json` says that nobody can promise."""
    from envc.pipeline.output import MANIFEST

    files = output_files(prepared, render_plan(prepared))
    [content] = [file.content for file in files if file.path == MANIFEST]
    said = json.loads(content or b"{}").get("not_reproducible", ())
    return tuple(str(text) for text in said)
