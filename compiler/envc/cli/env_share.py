"""`envc env push`, `pull` and `list --repository`: environments that travel through a registry."""

from __future__ import annotations

import argparse
import time

from envc.cli.console import Console
from envc.cli.verb import machine_of, parse_image
from envc.diagnostics import Diagnostic
from envc.errors import UsageError
from envc.reference import ImageReference

__all__ = ["add_pull", "add_push", "add_repository", "list_repository", "pull", "push"]

_NUMBER_MAX = 999_999_999


def add_push(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of `push`."""
    parser.add_argument(
        "reference",
        metavar="REFERENCE",
        help="NAME, whose latest version is meant, NAME@VERSION or NAME:LABEL",
    )
    parser.add_argument(
        "--as",
        dest="number",
        metavar="N",
        type=_number,
        help="what the version is called there; default: its own number",
    )
    add_repository(parser)


def push(arguments: argparse.Namespace, console: Console) -> int:
    """Send a version to a repository."""
    from envc.pipeline import sharing
    from envc.store.naming import require_reference

    reference = require_reference(arguments.reference)
    repository = _repository_of(arguments, console)
    machine = machine_of(arguments, console)
    done = sharing.push(reference, machine, repository, number=arguments.number)
    if not done.is_new:
        console.note(f"{done.names[0]} is there already")
    for name in done.names[1:]:
        console.note(f"also {name}")
    if arguments.json:
        console.print_json(
            {
                "name": done.version.name,
                "version": done.version.number,
                "reference": done.version.reference,
                "pushed": list(done.names),
                "digest": done.digest,
                "new": done.is_new,
            }
        )
    else:
        console.print(f"{done.names[0]}@{done.digest}")
    return 0


def add_pull(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of `pull`."""
    parser.add_argument(
        "reference",
        metavar="REFERENCE",
        help="NAME, whose latest version is meant, NAME@VERSION or NAME:LABEL; or all of what `push` "
        "has printed, with its registry",
    )
    add_repository(parser)


def pull(arguments: argparse.Namespace, console: Console) -> int:
    """Fetch a version, and register it."""
    from envc.cli.environment import describe_version
    from envc.pipeline import sharing
    from envc.store.naming import require_reference

    machine = machine_of(arguments, console)
    if "/" in arguments.reference and not arguments.reference.startswith("envc/"):
        if arguments.repository is not None:
            message = "`--repository` has no meaning beside a name with its registry"
            hint = "leave it out, or name the environment alone"
            raise UsageError([Diagnostic(code="E001", message=message, hint=hint)])
        place = parse_image(arguments.reference, "reference")
        done = sharing.pull(place, machine, now=time.time())
    else:
        reference = require_reference(arguments.reference)
        repository = _repository_of(arguments, console)
        done = sharing.pull(repository, machine, wanted=reference, now=time.time())
    console.show(done.warnings)
    registered = done.registered
    version = registered.version
    if not registered.is_new:
        was = ", which was archived" * registered.was_archived
        console.note(f"this is {version.reference} already{was}")
    elif version.number != done.number:
        console.note(f"{version.name}@{done.number} there is {version.reference} here")
    if arguments.json:
        described = {**describe_version(version), "new": registered.is_new}
        described |= {"origin": done.origin, "origin_version": done.number}
        console.print_json(described, done.warnings)
    else:
        console.print(version.reference)
    return 0


def add_repository(parser: argparse.ArgumentParser, *, text: str = "") -> None:
    """Describe the repository."""
    parser.add_argument(
        "--repository",
        metavar="R",
        help=text or "the repository, such as ghcr.io/TEAM/envs; default: ENVC_REPOSITORY",
    )


def list_repository(arguments: argparse.Namespace, console: Console) -> int:
    """List the environments that a repository has."""
    from envc.cli.columns import align
    from envc.pipeline import sharing

    repository = _repository_of(arguments, console)
    found = sharing.list_shared(machine_of(arguments, console), repository)
    if arguments.json:
        described = [
            {"name": one.name, "versions": list(one.numbers), "labels": list(one.labels)}
            for one in found
        ]
        console.print_json({"environments": described})
    elif found:
        rows = [
            (one.name, ", ".join(map(str, one.numbers)), ", ".join(one.labels)) for one in found
        ]
        console.print("\n".join(align(rows)))
    else:
        console.note(f"{_name_of(repository)} has no environments; `envc env push` sends one")
    return 0


def _repository_of(arguments: argparse.Namespace, console: Console) -> ImageReference:
    """Return the repository that is meant.

    Raises:
        UsageError: None is named (E673), or it cannot be one (E004).
    """
    name = arguments.repository or console.environment.get("ENVC_REPOSITORY") or ""
    if "/" not in name:
        message = f"`{name}` names no registry" if name else "there is no registry to ask"
        hint = "name a repository of one, such as `--repository ghcr.io/TEAM/envs`, or let "
        hint += "`ENVC_REPOSITORY` do so"
        raise UsageError([Diagnostic(code="E673", message=message, hint=hint)])
    return parse_image(f"{name}:tag", "repository")


def _name_of(repository: ImageReference) -> str:
    return f"{repository.registry}/{repository.repository}"


def _number(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _NUMBER_MAX:
        raise argparse.ArgumentTypeError(f"`{text}` is no number of a version")
    return int(text)
