"""What must agree between the values of a spec: a platform and its uses, CUDA, and Python's origin.

As all checks beyond single values, these read the document, which may be invalid.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator

from envc.diagnostics import Diagnostic, Label
from envc.platform import PLATFORMS
from envc.source import Span
from envc.spec.argument import ARGUMENTS, split_argument
from envc.spec.entry import (
    Entry,
    conda_entries,
    pip_entries,
    source_entries,
    system_entries,
    texts,
    wheel_entries,
)
from envc.spec.solve import CUDA
from envc.syntax.document import Data, Document, Path
from envc.syntax.form import NO

__all__ = ["AGREEMENTS"]

_DEFAULT_PLATFORM = "linux/amd64"
_VARIABLES = ("variables", "build-variables")
_STEPS = ("steps", "before-packages")


def _selectors_name_platforms(document: Document) -> Iterator[Diagnostic]:
    stated = [entry.text for entry in texts(document, ("platforms",))]
    platforms = stated or [_DEFAULT_PLATFORM]
    for path, span, platform in _selectors(document):
        if (
            platform not in PLATFORMS
            or platform in platforms
            or not set(platforms) <= set(PLATFORMS)
        ):
            continue
        labels = [Label(span=span)]
        if stated:
            labels.append(Label(span=document.span(("platforms",)), text="the spec's platforms"))
        what = "line" if path[0] in _VARIABLES else "step" if path[0] in _STEPS else "entry"
        yield Diagnostic(
            code="E253",
            message=f"`{platform}` is not one of the spec's platforms",
            labels=tuple(labels),
            hint=f"add it to `platforms`, or remove this {what}"
            + ("" if stated else f": without `platforms` there is `{_DEFAULT_PLATFORM}` only"),
        )


def _selectors(document: Document) -> Iterator[tuple[Path, Span, str]]:
    """Yield every platform that something is for: what is for it, where it stands, and its name."""
    for path, item in _selected(document):
        if isinstance(item, dict) and isinstance(platform := item.get("on"), str):
            yield path, document.span((*path, "on")), platform
    for block in _VARIABLES:
        variables = document.data_at((block,))
        for name, values in variables.items() if isinstance(variables, dict) else ():
            for platform in values if isinstance(values, dict) else ():
                path = (block, name, platform)
                yield path, document.key_span(path), platform


def _selected(document: Document) -> Iterator[tuple[Path, Data]]:
    lists: tuple[Path, ...] = (
        ("conda",),
        ("conda", "packages"),
        ("pip",),
        ("pip", "packages"),
        ("pip", "wheels"),
        ("pip", "sources"),
        ("system",),
        ("system", "packages"),
        ("steps",),
        ("before-packages",),
    )
    for path in lists:
        items = document.data_at(path)
        for index, item in enumerate(items if isinstance(items, list) else []):
            yield (*path, index), item


def _cudas_agree(document: Document) -> Iterator[Diagnostic]:
    cuda = document.data_at(("cuda",))
    provided = document.data_at(("virtual-packages", "__cuda"))
    if not isinstance(cuda, str) or not isinstance(provided, str) or not CUDA.fullmatch(cuda):
        return
    if cuda != provided:
        yield Diagnostic(
            code="E257",
            message=f"CUDA is `{cuda}`, and the virtual package `__cuda` is `{provided}`",
            labels=(
                Label(span=document.span(("virtual-packages", "__cuda"))),
                Label(span=document.span(("cuda",)), text="CUDA is chosen here"),
            ),
            hint="say it in one place: remove `__cuda`",
        )


def _python_has_one_origin(document: Document) -> Iterator[Diagnostic]:
    managed = document.data_at(("python", "managed"))
    is_unmanaged = isinstance(managed, str) and managed in NO
    has_interpreter = "interpreter" in document.data
    if has_interpreter and not is_unmanaged and managed is None:
        labels = [Label(span=document.key_span(("interpreter",)))]
        if "python" in document.data:
            labels.append(Label(span=document.span(("python",)), text="this Python is envc's"))
        yield Diagnostic(
            code="E259",
            message="`interpreter` belongs to a Python that envc does not manage",
            labels=tuple(labels),
            hint="say `python managed no` (in YAML `python: {managed: no}`), or remove it",
        )
    if not is_unmanaged:
        return
    place = document.span(("python",))
    if not has_interpreter:
        yield Diagnostic.at(
            place,
            "E259",
            "a Python that envc does not manage needs its `interpreter`",
            hint='say where it is in the base: `interpreter "/opt/miniconda/bin/python"` '
            "(in YAML `interpreter: /opt/miniconda/bin/python`)",
        )
    if "base" not in document.data:
        yield Diagnostic.at(
            place,
            "E259",
            "a Python that envc does not manage needs a `base` that has it",
            hint="name the image: `base image NAME:TAG` (in YAML `base: {image: NAME:TAG}`)",
        )
    yield from _packages_without_python(document)
    if "layers" in document.data:
        yield Diagnostic(
            code="E273",
            message="`layers` has no place beside a Python that envc does not manage",
            labels=(
                Label(span=document.key_span(("layers",))),
                Label(span=document.span(("python",)), text="Python is the base's concern"),
            ),
            hint="remove it: nothing is installed, and the base's own layers stay as they are",
        )


def _packages_without_python(document: Document) -> Iterator[Diagnostic]:
    blocks: tuple[tuple[str, tuple[Entry, ...]], ...] = (
        ("conda", conda_entries(document)),
        ("pip", (*pip_entries(document), *wheel_entries(document), *source_entries(document))),
        ("system", system_entries(document)),
    )
    for block, entries in blocks:
        if entries:
            yield Diagnostic(
                code="E259",
                message=f"`{block}` packages have no place beside a Python that envc does not manage",
                labels=(
                    Label(span=document.key_span((block,))),
                    Label(span=document.span(("python",)), text="Python is the base's concern"),
                ),
                hint="install them in the base, where its own tools keep what belongs together, or "
                "let envc manage Python: `python 3.12` (in YAML `python: 3.12`)",
            )


def _arguments_are_given_once(document: Document) -> Iterator[Diagnostic]:
    first: dict[str, Entry] = {}
    for entry in texts(document, ("runtime", "arguments")):
        name, _ = split_argument(entry.text)
        known = ARGUMENTS.get(name)
        earlier = first.setdefault(entry.text if known and known.is_repeatable else name, entry)
        if known is not None and earlier is not entry:
            yield _again(document, f"`{name}`", entry.path, earlier.path)


def _mounts_have_their_own_places(document: Document) -> Iterator[Diagnostic]:
    first: dict[str, Path] = {}
    mounts = document.data_at(("runtime", "mounts"))
    for index, mount in enumerate(mounts if isinstance(mounts, list) else []):
        if isinstance(mount, dict) and isinstance(to := mount.get("to"), str):
            path = ("runtime", "mounts", index, "to")
            earlier = first.setdefault(posixpath.normpath(to), path)
            if earlier is not path:
                yield _again(document, f"`{to}`", path, earlier)


def _again(document: Document, what: str, path: Path, earlier: Path) -> Diagnostic:
    return Diagnostic(
        code="E208",
        message=f"{what} is listed twice",
        labels=(
            Label(span=document.span(path)),
            Label(span=document.span(earlier), text="first listed here"),
        ),
        hint="remove one of them",
    )


AGREEMENTS: tuple[Callable[[Document], Iterator[Diagnostic]], ...] = (
    _selectors_name_platforms,
    _cudas_agree,
    _python_has_one_origin,
    _arguments_are_given_once,
    _mounts_have_their_own_places,
)
"""Every rule, each about one thing; their order does not matter."""
