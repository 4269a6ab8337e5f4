"""What is odd about an answer that was found: extras that nobody has, and releases that were withdrawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from envc.diagnostics import Diagnostic, Label, suggest
from envc.resolve.index.client import IndexClient, IndexFile, Project
from envc.resolve.pip.input import PipInput, Root

__all__ = ["advise"]


def advise(
    given: PipInput, client: IndexClient, chosen: Mapping[str, tuple[Project, IndexFile]]
) -> tuple[Diagnostic, ...]:
    """Return warnings on the requirements of the spec, in its order, then on what they need.

    Args:
        chosen: The file that is locked for each distribution that is not settled, by its name.

    Raises:
        ToolError: The metadata of a file cannot be had (E335 to E337).
    """
    return (*_list_extras(given, client, chosen), *_list_yanked(given, chosen))


def _list_extras(
    given: PipInput, client: IndexClient, chosen: Mapping[str, tuple[Project, IndexFile]]
) -> Iterator[Diagnostic]:
    for root in given.roots:
        if not root.parsed.extras:
            continue
        if root.name in given.settled:
            metadata, version = given.settled[root.name].metadata, given.settled[root.name].version
        elif root.name in chosen:
            project, file = chosen[root.name]
            metadata, version = client.metadata(project, file), _version_of(file)
        else:
            continue
        yield from _judge_extras(root, version, _extras_of(metadata))


def _judge_extras(root: Root, version: str, known: frozenset[str]) -> Iterator[Diagnostic]:
    from packaging.utils import canonicalize_name

    for extra in sorted(root.parsed.extras):
        if canonicalize_name(extra) in known:
            continue
        meant = suggest(extra, sorted(known))
        listed = ", ".join(f"`{name}`" for name in sorted(known))
        yield Diagnostic.at(
            root.asked.span,
            "W320",
            f"`{root.parsed.name}` {version} has no extra `{extra}`",
            hint=f"did you mean `{meant}`?"
            if meant
            else f"it has {listed}"
            if listed
            else "leave it out: it has none at all",
        )


def _extras_of(metadata: str) -> frozenset[str]:
    from email.parser import HeaderParser

    from packaging.utils import canonicalize_name

    stated = HeaderParser().parsestr(metadata).get_all("Provides-Extra", [])
    return frozenset(canonicalize_name(extra) for extra in stated)


def _list_yanked(
    given: PipInput, chosen: Mapping[str, tuple[Project, IndexFile]]
) -> Iterator[Diagnostic]:
    for name, (project, file) in sorted(chosen.items()):
        if not file.yanked:
            continue
        reason = f": {file.yanked_reason}" if file.yanked_reason else ""
        yield Diagnostic(
            code="W321",
            message=f"`{name}` {_version_of(file)} was withdrawn from "
            f"`{project.source_of(file).url}`{reason}",
            labels=_labels(given.roots, name),
            hint="ask for another version: nothing else would have chosen this one",
        )


def _labels(roots: Iterable[Root], name: str) -> tuple[Label, ...]:
    spans = [root.asked.span for root in roots if root.name == name]
    return tuple(Label(span=span) for span in spans if span is not None)


def _version_of(file: IndexFile) -> str:
    from envc.resolve.index.wheel_file import distribution_of

    found = distribution_of(file.filename)
    return found[1] if found is not None else ""
