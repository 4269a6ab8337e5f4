"""What an image holds and where it comes from, attached to it in its registry: what `attest` does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from envc.diagnostics import Diagnostic
from envc.errors import InputError, ToolError, UsageError
from envc.frozen import frozen
from envc.machine import Machine
from envc.plan.label import CONTRACT, ENV_ID_LABEL, tag
from envc.platform import PLATFORMS

if TYPE_CHECKING:
    from envc.compose import Choice
    from envc.pipeline.prepared import Prepared
    from envc.reference import ImageReference
    from envc.registry.client import Registry
    from envc.registry.referrer import Attached, Document

__all__ = ["SBOMS", "AttestOptions", "Attested", "attest", "list_attestations", "sign"]

SBOMS = {"cyclonedx": "application/vnd.cyclonedx+json", "spdx": "application/spdx+json"}
"""The SBOM formats, and their media types."""

_SHOWN_LINES = 5
_STATEMENT = "application/vnd.in-toto+json"
_TITLE, _PREDICATE = "org.opencontainers.image.title", "in-toto.io/predicate-type"


@frozen
class AttestOptions:
    """What to attach, and to what.

    Attributes:
        repository: Where the images are, under the tags of their env ids.
        image: One image instead, which may be an index; its platforms must be the spec's.
        variants: Of a spec with a matrix, those to attest; empty for all.
        choice: What the command line chose of the spec's parameters.
        templates: The folder of the user's templates.
        sboms: Keys of SBOMS.
        has_provenance: Whether to attach a provenance statement.
        is_signed: Whether to have the image and what is attached signed by cosign.
        key: What cosign signs with; None is its own choice (`COSIGN_*`, else without a key).
    """

    repository: str
    image: str | None = None
    variants: tuple[str, ...] = ()
    choice: Choice | None = None
    templates: Path | None = None
    sboms: tuple[str, ...] = tuple(SBOMS)
    has_provenance: bool = True
    is_signed: bool = False
    key: str | None = None


@frozen
class Attested:
    """One platform's image, and what is attached to it now.

    Attributes:
        image: Its repository and its manifest's digest.
        attached: By title, such as `sbom.cyclonedx.json`.
        signed: What cosign signed: references by digest, in order.
    """

    variant: str
    platform: str
    image: str
    attached: Mapping[str, Attached]
    signed: tuple[str, ...] = ()


def attest(
    path: Path, machine: Machine, options: AttestOptions, report: Callable[[str], None]
) -> tuple[Attested, ...]:
    """Attach SBOMs and provenance to a spec's images in a registry; the images stay as they are.

    Args:
        report: Told what is done, a line at a time.

    Raises:
        InputError: The spec or its lock is wrong, there is no such image (E370), or it is that of
            another environment (E640).
        UsageError: A variant is asked for that the spec does not have (E007, E008), or one image
            for several (E009).
        ToolError: The registry fails (E38x), or cosign does (E641, E642).
    """
    from envc.pipeline.prepared import prepare
    from envc.registry.client import Registry
    from envc.variant import require_one

    prepared = prepare(
        path,
        machine,
        machine.mirrors,
        variants=options.variants,
        choice=options.choice,
        templates=options.templates,
    )
    if options.image is not None:
        require_one(tuple(prepared.variants), "an image is of")
    registry = Registry(environment=machine.environment, mirrors=machine.mirrors, tell=machine.tell)
    return tuple(
        attested
        for name, one in prepared.variants.items()
        for attested in _Task(
            variant=name,
            prepared=one,
            machine=machine,
            options=options,
            registry=registry,
            report=report,
        ).attest()
    )


def list_attestations(image: str, machine: Machine) -> dict[str, tuple[Attached, ...]]:
    """Return what is attached to an image in a registry, by the digest that it is attached to.

    Of an index these are its own and those of each platform's manifest.

    Raises:
        InputError: There is no such image (E370).
        ToolError: The registry fails (E38x).
    """
    from envc.registry.client import Registry
    from envc.registry.publisher import Publisher
    from envc.registry.referrer import list_attached

    reference = parse_reference(image)
    registry = Registry(environment=machine.environment, mirrors=machine.mirrors, tell=machine.tell)
    found = registry.find(reference)
    publisher = Publisher(reference, environment=machine.environment, tell=machine.tell)
    digests = (found.digest, *found.manifests.values())
    return {digest: list_attached(publisher, digest) for digest in digests}


@frozen
class _Task:
    """The images of one variant."""

    variant: str
    prepared: Prepared
    machine: Machine
    options: AttestOptions
    registry: Registry
    report: Callable[[str], None]

    def attest(self) -> list[Attested]:
        found = self._find()
        done = [self._attach(platform, reference) for platform, reference in found.items()]
        if not self.options.is_signed:
            return done
        return [replace(one, signed=self._sign(one)) for one in done]

    def _find(self) -> dict[str, ImageReference]:
        """Return the manifest of each platform's image, by digest, verified by its label."""
        found: dict[str, ImageReference] = {}
        missing: list[Diagnostic] = []
        for platform, env_id in self.prepared.plan.env_ids.items():
            name = self.options.image or f"{self.options.repository}:{tag(env_id)}"
            try:
                found[platform] = self._verify(parse_reference(name), platform, env_id)
            except InputError as error:
                # One image need not be for all of the spec's platforms.
                if self.options.image is None or error.diagnostics[0].code != "E371":
                    raise
                missing += error.diagnostics
        if not found:
            raise InputError(missing)
        return found

    def _verify(self, reference: ImageReference, platform: str, env_id: str) -> ImageReference:
        manifest = self.registry.resolve(reference, PLATFORMS[platform])
        label = manifest.labels.get(ENV_ID_LABEL)
        if label != env_id:
            raise InputError([_explain_other(reference, platform, label)])
        return replace(reference, tag=None, digest=manifest.digest)

    def _attach(self, platform: str, reference: ImageReference) -> Attested:
        from envc.registry.publisher import Descriptor, Publisher
        from envc.registry.referrer import attach

        publisher = Publisher(
            reference, environment=self.machine.environment, tell=self.machine.tell
        )
        found = self.registry.find(reference)
        subject = Descriptor(media_type=found.media_type, digest=found.digest, size=found.size)
        attached: dict[str, Attached] = {}
        for document in self._documents(platform, reference):
            title = document.annotations[_TITLE]
            attached[title] = attach(publisher, subject, document)
            state = "attached" if attached[title].is_new else "already has"
            self.report(f"{reference.familiar}: {state} {title}")
        return Attested(
            variant=self.variant,
            platform=platform,
            image=reference.familiar,
            attached=attached,
        )

    def _documents(self, platform: str, reference: ImageReference) -> Iterator[Document]:
        from envc.interop.exporting import EXPORTS
        from envc.interop.provenance import PREDICATE_TYPE, provenance
        from envc.interop.subject import Subject
        from envc.registry.referrer import Document

        name, plan = self.prepared.checked.spec.environment, self.prepared.plan
        subject = Subject(
            name=f"{name}-{self.variant}" if self.variant else name,
            spec=self.prepared.path.name,
            lock=self.prepared.lock,
            platforms=(platform,),
        )
        for sbom in self.options.sboms:
            yield Document(
                media_type=SBOMS[sbom],
                content=EXPORTS[sbom].load()(subject).text.encode(),
                annotations={_TITLE: f"sbom.{sbom}.json"},
            )
        if self.options.has_provenance:
            statement = provenance(
                subject,
                name=f"{reference.registry}/{reference.repository}",
                digest=reference.digest or "",
                env_id=plan.env_ids[platform],
                spec_id=plan.spec_id,
                contract=CONTRACT,
                epoch=plan.epochs[platform],
            )
            yield Document(
                media_type=_STATEMENT,
                content=statement.encode(),
                annotations={_TITLE: "provenance.json", _PREDICATE: PREDICATE_TYPE},
            )

    def _sign(self, one: Attested) -> tuple[str, ...]:
        """Have the image signed, and what is attached to it: who trusts the one can trust the other."""
        repository = one.image.partition("@")[0]
        names = [one.image, *(f"{repository}@{own.digest}" for own in one.attached.values())]
        for name in names:
            self.report(f"signing {name}")
            sign(name, self.options.key, self.machine.environment)
        return tuple(names)


def sign(name: str, key: str | None, environment: Mapping[str, str]) -> None:
    """Sign what a reference by digest names, by cosign.

    Args:
        key: As `cosign sign --key` takes it; None leaves it to cosign.

    Raises:
        ToolError: It is not installed (E641), or fails (E642).
    """
    from envc.process import ProgramMissingError, run

    keyed = ["--key", key] if key is not None else []
    try:
        done = run(["cosign", "sign", "--yes", *keyed, name], environment=environment)
    except ProgramMissingError as error:
        hint = "install it: https://docs.sigstore.dev/cosign/system_config/installation/"
        message = "`cosign`, which signs images, is not installed"
        raise ToolError([Diagnostic(code="E641", message=message, hint=hint)]) from error
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.strip()][-_SHOWN_LINES:]
        raise ToolError(
            [
                Diagnostic(
                    code="E642",
                    message=f"`cosign` cannot sign `{name}`",
                    notes=tuple(said),
                    hint="read its reason; `--key` names a key, `COSIGN_PASSWORD` opens it",
                )
            ]
        )


def parse_reference(name: str) -> ImageReference:
    """Return the image that a name means.

    Raises:
        UsageError: It means none (E004).
    """
    from envc.reference import ImageReference

    try:
        return ImageReference.parse(name)
    except ValueError as error:
        message = f"the image `{name}` is not an image's name: {error}"
        hint = "write it as `docker` takes it, such as `registry.example/team/pets`"
        raise UsageError([Diagnostic(code="E004", message=message, hint=hint)]) from error


def _explain_other(reference: ImageReference, platform: str, label: str | None) -> Diagnostic:
    found = f"it is that of `{label}`" if label else "it does not say which environment it is"
    return Diagnostic(
        code="E640",
        message=f"the image `{reference.familiar}` is not that of the spec for `{platform}`",
        notes=(found,),
        hint="build and push the spec as it is now, or name the image that was made from it",
    )
