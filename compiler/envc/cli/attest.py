"""`envc attest`: SBOMs and provenance beside the image in its registry."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envc import pipeline
from envc.cli.console import Console
from envc.cli.verb import (
    Verb,
    add_choice,
    add_mirror,
    add_templates,
    add_variant,
    choice_of,
    machine_of,
)
from envc.diagnostics import Diagnostic
from envc.errors import UsageError
from envc.pipeline.attesting import SBOMS

if TYPE_CHECKING:
    from envc.registry.referrer import Attached

__all__ = ["VERB"]


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "envc attest SPEC --repository R [options] | envc attest --list IMAGE"
    parser.add_argument(
        "spec", metavar="SPEC", type=Path, nargs="?", help="the spec, with its lock beside it"
    )
    parser.add_argument(
        "--repository", metavar="R", help="where the images are, under the tags of their env ids"
    )
    parser.add_argument(
        "--image", metavar="IMAGE", help="one image instead, by any name; an index is one, too"
    )
    parser.add_argument(
        "--sbom",
        dest="sboms",
        action="append",
        choices=(*SBOMS, "none"),
        help="the format of the SBOM; repeatable; default: both",
    )
    parser.add_argument(
        "--no-provenance", action="store_true", help="attach no provenance statement"
    )
    parser.add_argument(
        "--sign", action="store_true", help="have cosign sign the image and what is attached"
    )
    parser.add_argument(
        "--key", metavar="KEY", help="what cosign signs with; default: as cosign is set up"
    )
    parser.add_argument(
        "--list", metavar="IMAGE", help="attach nothing; list what an image in a registry has"
    )
    add_variant(parser, text="the variant to attest; repeatable; default: all")
    add_choice(parser)
    add_templates(parser)
    add_mirror(parser)


def _execute(arguments: argparse.Namespace, console: Console) -> int:
    if arguments.list is not None:
        return _list(arguments, console)
    if arguments.spec is None or not (arguments.repository or arguments.image):
        message = "`attest` needs a spec, and the repository that has its image"
        hint = "write `envc attest SPEC --repository registry.example/team/pets`"
        raise UsageError([Diagnostic(code="E001", message=message, hint=hint)])
    sboms = [name for name in arguments.sboms or SBOMS if name != "none"]
    done = pipeline.attest(
        arguments.spec,
        machine_of(arguments, console),
        pipeline.AttestOptions(
            repository=arguments.repository or "",
            image=arguments.image,
            variants=tuple(arguments.variants),
            choice=choice_of(arguments),
            templates=arguments.templates,
            sboms=tuple(dict.fromkeys(sboms)),
            has_provenance=not arguments.no_provenance,
            is_signed=arguments.sign,
            key=arguments.key,
        ),
        console.note,
    )
    if arguments.json:
        console.print_json({"images": [_describe(one) for one in done]})
        return 0
    for one in done:
        console.print(one.image)
    return 0


def _list(arguments: argparse.Namespace, console: Console) -> int:
    found = pipeline.list_attestations(arguments.list, machine_of(arguments, console))
    if arguments.json:
        console.print_json(
            {"attached": {digest: [_row(one) for one in own] for digest, own in found.items()}}
        )
        return 0
    for digest, own in found.items():
        console.print(digest)
        for one in own:
            title = one.annotations.get("org.opencontainers.image.title", "")
            console.print(f"  {one.digest}  {one.artifact_type}  {title}".rstrip())
    return 0


def _describe(one: pipeline.Attested) -> dict[str, Any]:
    return {
        "variant": one.variant,
        "platform": one.platform,
        "image": one.image,
        "attached": [{**_row(own), "new": own.is_new} for own in one.attached.values()],
        "signed": list(one.signed),
    }


def _row(one: Attached) -> dict[str, Any]:
    return {
        "digest": one.digest,
        "type": one.artifact_type,
        "annotations": dict(one.annotations),
    }


VERB = Verb(
    name="attest",
    add_arguments=_add_arguments,
    execute=_execute,
    details="The image stays as it is: what is attached names it as its subject. The same again "
    "changes nothing.",
)
