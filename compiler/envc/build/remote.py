"""Images in registries: looked up by their env ids, verified by their labels, pulled and pushed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from envc.build.image import Image, Wanted
from envc.build.report.event import (
    BuildEvent,
    Notice,
    StepDone,
    StepFailed,
    StepProgress,
    StepStarted,
)
from envc.diagnostics import Diagnostic
from envc.engine.docker import Engine
from envc.engine.transfer import PushRefusedError
from envc.errors import InputError, ToolError
from envc.frozen import frozen
from envc.mirror import MirrorMap
from envc.plan.label import ENV_ID_LABEL, tag
from envc.platform import PLATFORMS
from envc.reference import ImageReference
from envc.registry.asked import mirror_reference
from envc.registry.client import Registry
from envc.registry.manifest import is_index
from envc.registry.publisher import Publisher

__all__ = ["Registries"]

_PUSHES = 3
_WAY_OUT = "with `--pull never` no registry is asked whether it has the image"
_FIRST_PAUSE_S = 1.0
# A registry that is there answers a small question at once; the client asks again by itself.
_TIMEOUT_S = 15.0


@frozen
class Registries:
    """Where images are looked for, and pushed to.

    Attributes:
        environment: Says where Docker's credentials lie, and names proxies and certificates.
        mirrors: From canonical to reachable names of registries.
        on_event: Told what is pulled and pushed.
        sleep: Waits between attempts.
    """

    environment: Mapping[str, str]
    mirrors: MirrorMap
    on_event: Callable[[BuildEvent], None]
    sleep: Callable[[float], None] = time.sleep

    def find(self, wanted: Wanted) -> Image | None:
        """Return an image where the registry that its name holds has it, verified by its label.

        Raises:
            ToolError: What lies there under its name is another image (E670); or the registry wants
                other credentials (E380), cannot be reached (E382), fails (E383), or answers with
                something else (E384).
        """
        try:
            return self._find(wanted)
        except ToolError as error:
            told = (replace(one, notes=(*one.notes, _WAY_OUT)) for one in error.diagnostics)
            raise ToolError(told) from error

    def _find(self, wanted: Wanted) -> Image | None:
        started = time.monotonic()
        reference = ImageReference.parse(wanted.name)
        registry = self._registry()
        try:
            found = registry.find(reference)
        except InputError:  # there is no such image
            return None
        has = found.manifests if is_index(found.media_type) else None
        parts = []
        for platform, env_id in wanted.env_ids.items():
            if has is not None and platform not in has:
                raise _lies(reference, f"it has nothing for {platform}")
            try:
                manifest = registry.resolve(reference, PLATFORMS[platform])
            except InputError as error:  # it is for another platform
                raise _lies(reference, *error.diagnostics[0].notes) from error
            label = manifest.labels.get(ENV_ID_LABEL)
            if label != env_id:
                says = f"its label says {label}" if label else f"it has no label `{ENV_ID_LABEL}`"
                raise _lies(reference, f"{says}, where {env_id} is wanted")
            parts.append(
                Image(
                    name=f"{reference.registry}/{reference.repository}:{tag(env_id)}",
                    env_id=env_id,
                    platform=platform,
                    digest=manifest.digest,
                    size_bytes=manifest.size_bytes,
                    duration_s=time.monotonic() - started,
                    is_cached=True,
                    registry=reference.registry,
                    is_local=False,
                )
            )
        return replace(
            parts[0],
            name=wanted.name,
            env_id=wanted.env_id,
            platform=wanted.platform,
            digest=found.digest,
            size_bytes=sum(part.size_bytes for part in parts),
            duration_s=time.monotonic() - started,
            parts=tuple(parts) if len(parts) > 1 else (),
        )

    def pull(self, engine: Engine, image: Image, wanted: Wanted) -> None:
        """Have the engine fetch an image that `find` returned, under the name that is wanted.

        Raises:
            ToolError: The engine cannot (E604, E603).
        """
        reference = ImageReference.parse(image.name)
        source = mirror_reference(reference, self.mirrors)
        platform = PLATFORMS[image.platform]
        if image.name == wanted.name and source == reference:
            with self._step(f"pulling {image.name}"):
                engine.pull(reference, platform, lambda _: None)
            return
        source = replace(source, tag=None, digest=image.digest)
        name = f"{source.registry}/{source.repository}@{source.digest}"
        was_there = engine.find(name) is not None
        with self._step(f"pulling {image.name}"):
            engine.pull(source, platform, lambda _: None)
        engine.tag(name, wanted.name)
        if not was_there:
            engine.untag(name)

    def push(self, engine: Engine, image: Image, name: str) -> str:
        """Have the engine push an image under a name, and return the digest that it has there.

        Raises:
            ToolError: The registry refuses the credentials (E671), or does not take it (E672).
        """
        engine.tag(image.name, name)
        reference, pause_s = ImageReference.parse(name), _FIRST_PAUSE_S
        with self._step(f"pushing {name}") as tell:
            for attempt in range(1, _PUSHES + 1):
                try:
                    return engine.push(reference, tell)
                except PushRefusedError as error:
                    if error.is_final or attempt == _PUSHES:
                        raise ToolError([_explain_push(reference, error)]) from error
                    self.on_event(Notice(text=f"{error}; pushing again in {pause_s:.0f} s"))
                self.sleep(pause_s)
                pause_s *= 2
        raise AssertionError("the last attempt returns or raises")

    def name(self, image: Image, name: str) -> None:
        """Give an image that a registry has another tag in the same repository: nothing is moved.

        Raises:
            ToolError: As `find`; or the registry does not take it (E385).
        """
        reference = ImageReference.parse(name)
        there = replace(ImageReference.parse(image.name), tag=None, digest=image.digest)
        found = self._registry().find(there)
        content = self._registry().fetch(there, f"manifests/{image.digest}")
        publisher = Publisher(
            reference, environment=self.environment, sleep=self.sleep, tell=self._tell
        )
        publisher.push_manifest(str(reference.tag), content, found.media_type)

    def _registry(self) -> Registry:
        """Return a client that remembers nothing: what it is asked again may have changed."""
        return Registry(
            environment=self.environment,
            mirrors=self.mirrors,
            timeout_s=_TIMEOUT_S,
            sleep=self.sleep,
            tell=self._tell,
        )

    def _tell(self, text: str) -> None:
        self.on_event(Notice(text=text))

    @contextmanager
    def _step(self, name: str) -> Iterator[Callable[[str, int, int], None]]:
        """Show work as a step, whose parts the function that is given tells of."""
        started = time.monotonic()
        self.on_event(StepStarted(step=name, name=name))

        def tell(part: str, current: int, total: int) -> None:
            self.on_event(StepProgress(step=name, part=part, current=current, total=total))

        try:
            yield tell
        except ToolError as error:
            reason = error.diagnostics[0].message
            self.on_event(StepFailed(step=name, name=name, error=reason, canceled=False))
            raise
        duration_s = time.monotonic() - started
        self.on_event(StepDone(step=name, name=name, cached=False, duration_s=duration_s))


def _lies(reference: ImageReference, *notes: str) -> ToolError:
    return ToolError(
        [
            Diagnostic(
                code="E670",
                message=f"`{reference.familiar}` in the registry is not the image of this environment",
                notes=notes,
                hint="find out who pushed it, and delete the tag; `--force` builds nevertheless, and "
                "with `--push` replaces it",
            )
        ]
    )


def _explain_push(reference: ImageReference, error: PushRefusedError) -> Diagnostic:
    registry = reference.registry
    if error.is_refusal:
        return Diagnostic(
            code="E671",
            message=f"`{registry}` does not let you push `{reference.familiar}`",
            notes=(str(error),),
            hint=f"run `docker login {registry}` as somebody who may push there",
        )
    return Diagnostic(
        code="E672",
        message=f"the image `{reference.familiar}` could not be pushed",
        notes=(str(error),),
        hint="the image stays in the engine: run the same command again once the registry works",
    )
