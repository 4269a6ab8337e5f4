"""What a spec says that its lock does not know: found by reading, with no solver and no network."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from envc.compose.explain import explain
from envc.diagnostics import Diagnostic, Label
from envc.frozen import frozen
from envc.lock.command import advise_lock
from envc.lock.intent import intent
from envc.lock.limit import compare_limits
from envc.lock.model import Intent, Lock
from envc.source import Span
from envc.spec.debian import normal_debian, split_debian
from envc.spec.defaults import base_context, dockerfile_path, find_links
from envc.spec.entry import (
    Entry,
    conda_entries,
    pip_entries,
    source_entries,
    system_entries,
    wheel_entries,
)
from envc.spec.matchspec import normal_matchspec, split_matchspec
from envc.spec.model import EnvSpec
from envc.spec.requirement import normal_requirement
from envc.spec.selector import join_selector, split_selector
from envc.syntax.document import Document, Path

__all__ = ["drift"]

_PIP_NAME = re.compile(r"[a-z0-9-]+")


def drift(
    spec: EnvSpec,
    document: Document,
    lock: Lock,
    *,
    wheels: Mapping[str, str | None] | None = None,
    sets: Mapping[str, str] | None = None,
) -> tuple[Diagnostic, ...]:
    """Return all in which a lock is not that of its spec (E410 to E416, E420 to E427), in spec order.

    The environment's name, variables, steps and all else that is not resolved makes no difference.

    Args:
        wheels: The SHA-256 of local wheels, of source folders, of the base's Dockerfile and of what
            it may copy, as they lie there now, by their path; None for one that is not there any
            more. Those that are not given are not compared.
        sets: The values of parameters that the command line gives, for the hints.
    """
    found = list(_compare(spec, document, lock, wheels or {}, sets))
    return tuple(explain(document, sorted(found, key=document.order)))


def _compare(
    spec: EnvSpec,
    document: Document,
    lock: Lock,
    wheels: Mapping[str, str | None],
    sets: Mapping[str, str] | None,
) -> Iterator[Diagnostic]:
    wanted, locked = intent(spec), lock.intent
    hint = advise_lock(document.source.name, sets)

    def differ(code: str, message: str, span: Span, note: str = "") -> Diagnostic:
        notes = (note,) if note else ()
        labels = (Label(span=span),)
        return Diagnostic(code=code, message=message, labels=labels, notes=notes, hint=hint)

    if wanted.base != locked.base:
        message = f"the base is `{wanted.base}`, and the lock was made for `{locked.base}`"
        yield differ("E412", message, _place(document, ("base", "image")))
    elif (changed := _compare_dockerfile(spec, lock, wheels)) is not None:
        yield differ("E412", changed, _place(document, ("base", "dockerfile")))
    if wanted.python != locked.python:
        message = (
            f"Python is {_name(wanted.python)}, and the lock was made for {_name(locked.python)}"
        )
        yield differ("E413", message, _place(document, ("python",)))
    for word, path, now, then in (
        ("channels", ("channels",), wanted.channels, locked.channels),
        ("package indexes", ("pip", "indexes"), wanted.indexes, locked.indexes),
    ):
        if now and then and now != then:
            message = f"the {word} are not those of the lock"
            yield differ(
                "E411", message, _place(document, path), f"the lock has: {', '.join(then)}"
            )
    for message, span in _compare_platforms(spec, document, lock):
        yield differ("E414", message, span)
    for one in compare_limits(document, wanted, locked):
        yield differ(one.code, one.message, _place(document, one.path), one.note)
    listed = (
        _compare_lists(spec, document, lock),
        _compare_wheels(document, lock, wheels),
        _compare_linked(spec, document, lock, wheels),
    )
    for code, message, span in chain(*listed):
        yield differ(code, message, span)


@frozen
class _List:
    """A list of what is asked for, in the spec and in the intent of its lock.

    Attributes:
        what: How messages call what it lists.
        block: The key that has it.
        normal: Gives the normal form of an entry's text.
        name_of: Gives what is asked for, of such a form.
        locked: The forms that the lock was made for, with selectors.
    """

    code: str
    what: str
    block: str
    entries: tuple[Entry, ...]
    normal: Callable[[str], str]
    name_of: Callable[[str], str]
    locked: tuple[str, ...]


def _lists(document: Document, locked: Intent) -> tuple[_List, ...]:
    return (
        _List(
            code="E410",
            what="Conda package",
            block="conda",
            entries=conda_entries(document),
            normal=normal_matchspec,
            name_of=_conda_name,
            locked=locked.conda,
        ),
        _List(
            code="E410",
            what="pip package",
            block="pip",
            entries=pip_entries(document),
            normal=normal_requirement,
            name_of=_pip_name,
            locked=locked.pip,
        ),
        _List(
            code="E415",
            what="wheel",
            block="pip",
            entries=wheel_entries(document),
            normal=posixpath.normpath,
            name_of=str,
            locked=locked.wheels,
        ),
        _List(
            code="E426",
            what="Debian package",
            block="system",
            entries=system_entries(document),
            normal=normal_debian,
            name_of=lambda text: split_debian(text)[0],
            locked=locked.system,
        ),
        _List(
            code="E415",
            what="source",
            block="pip",
            entries=source_entries(document),
            normal=posixpath.normpath,
            name_of=str,
            locked=locked.sources,
        ),
    )


def _compare_lists(
    spec: EnvSpec, document: Document, lock: Lock
) -> Iterator[tuple[str, str, Span]]:
    for listed in _lists(document, lock.intent):
        for message, span in _compare_list(spec, document, lock, listed):
            yield listed.code, message, span


def _compare_list(
    spec: EnvSpec, document: Document, lock: Lock, listed: _List
) -> Iterator[tuple[str, Span]]:
    """Yield what differs on the platforms that both have: the others are told by themselves."""
    shared = frozenset(spec.platforms) & lock.platforms.keys()
    entries = {entry: listed.normal(entry.text) for entry in listed.entries}
    forms = {form: split_selector(form) for form in listed.locked}
    asked = _spread(((text, entry.on) for entry, text in entries.items()), shared)
    known = _spread(forms.values(), shared)
    gone = {
        form: listed.name_of(text)
        for form, (text, on) in forms.items()
        if not _meant(on, shared) <= asked.get(text, frozenset())
    }
    for entry, text in entries.items():
        if _meant(entry.on, shared) <= known.get(text, frozenset()):
            continue
        old = _find_old(text, entry.on, forms, _same_name(gone, listed.name_of(text)))
        gone = {form: name for form, name in gone.items() if form != old}
        yield _explain_new(listed, text, entry, old), document.span(entry.path)
    for form in gone:
        text, _ = forms[form]
        left = next((entry for entry, other in entries.items() if other == text), None)
        if left is not None:
            yield _explain_new(listed, text, left, form), document.span(left.path)
        else:
            message = f"the lock has the {listed.what} `{form}`, which the spec does not ask for"
            yield message, _key(document, listed.block)


def _meant(on: str | None, shared: frozenset[str]) -> frozenset[str]:
    return shared if on is None else shared & {on}


def _spread(
    pairs: Iterable[tuple[str, str | None]], shared: frozenset[str]
) -> dict[str, frozenset[str]]:
    """Return for which of these platforms each text is."""
    found: dict[str, frozenset[str]] = {}
    for text, on in pairs:
        found[text] = found.get(text, frozenset()) | _meant(on, shared)
    return found


def _same_name(gone: Mapping[str, str], name: str) -> list[str]:
    return [form for form, other in gone.items() if other == name]


def _find_old(
    text: str,
    on: str | None,
    forms: Mapping[str, tuple[str, str | None]],
    gone: Sequence[str],
) -> str | None:
    """Return what the lock was made for instead; None where that was nothing.

    Args:
        text: What is asked for now, on the platform `on`.
        forms: All that the lock was made for.
        gone: Of these, what is not asked for any more and has the same name.
    """
    for form in gone:
        if forms[form][1] == on:
            return form
    elsewhere = (form for form, (other, _) in forms.items() if other == text)
    return next(iter((*gone, *elsewhere)), None)


def _explain_new(listed: _List, text: str, entry: Entry, old: str | None) -> str:
    written = text if listed.what in {"wheel", "source"} else entry.text.strip()
    new = join_selector(written, entry.on)
    if old is None:
        return f"the lock does not know the {listed.what} `{new}`"
    return f"the spec asks for `{new}`, and the lock was made for `{old}`"


def _compare_dockerfile(spec: EnvSpec, lock: Lock, files: Mapping[str, str | None]) -> str | None:
    """Return that the base's Dockerfile has another text now, or other files that it may copy, where
    the lock depends on them; of a text in the spec, the intent tells."""
    path, context = dockerfile_path(spec), base_context(spec)
    built = [one.base.built for one in lock.platforms.values()]
    texts = {one.dockerfile if one is not None else None for one in built}
    if path is not None and path in files and texts - {files[path]}:
        return f"the Dockerfile `{path}` has changed since it was locked"
    known = {one.context for one in built if one is not None} - {None}
    if context is not None and context in files and known - {files[context]}:
        return f"what the base's Dockerfile may copy of `{context}` has changed since it was locked"
    return None


def _compare_platforms(spec: EnvSpec, document: Document, lock: Lock) -> Iterator[tuple[str, Span]]:
    for number, platform in enumerate(spec.platforms):
        if platform not in lock.platforms:
            span = _place(document, ("platforms", number))
            yield f"the lock does not know the platform `{platform}`", span
    for gone in sorted(set(lock.platforms) - set(spec.platforms)):
        message = f"the lock has the platform `{gone}`, which the spec does not ask for"
        yield message, _key(document, "platforms")


def _compare_wheels(
    document: Document, lock: Lock, wheels: Mapping[str, str | None]
) -> Iterator[tuple[str, str, Span]]:
    """Yield the wheels and the source folders that the lock knows with another content."""
    for what, entries, locked in (
        ("wheel", wheel_entries(document), lock.local_wheels),
        ("source", source_entries(document), lock.local_sources),
    ):
        for entry in entries:
            path = posixpath.normpath(entry.text)
            if path in wheels and locked.get(path) not in {wheels[path], None}:
                message = f"the {what} `{path}` has changed since it was locked"
                yield "E416", message, document.span(entry.path)


def _compare_linked(
    spec: EnvSpec, document: Document, lock: Lock, wheels: Mapping[str, str | None]
) -> Iterator[tuple[str, str, Span]]:
    """Yield what has become of locked wheels that lie in a folder of find-links."""
    places = {place.path: number for number, place in enumerate(find_links(spec)) if place.path}
    named = {split_selector(form)[0] for form in lock.intent.wheels}
    for path, sha256 in sorted(lock.local_wheels.items()):
        number = places.get(posixpath.dirname(path) or ".")
        if number is None or path in named or wheels.get(path, sha256) == sha256:
            continue
        span = _place(document, ("pip", "find-links", number, "path"))
        if wheels[path] is None:
            yield "E415", f"the lock has the wheel `{path}`, which is not there any more", span
        else:
            yield "E416", f"the wheel `{path}` has changed since it was locked", span


def _place(document: Document, path: Path) -> Span:
    """Return where a value stands, or its block's key, or the spec's first word."""
    while path:
        if path in document.spans:
            return document.span(path)
        if path[:-1] in document.key_spans:
            return document.key_span(path[:-1])
        path = path[:-1]
    return _key(document, "environment")


def _key(document: Document, block: str) -> Span:
    """Return where a block's key stands, or the spec's first word where it has no such block."""
    path = (block,) if (block,) in document.key_spans else ("environment",)
    return document.key_span(path)


def _conda_name(text: str) -> str:
    parts = split_matchspec(text)
    return parts.name.lower() if parts is not None else text


def _pip_name(text: str) -> str:
    found = _PIP_NAME.match(text)
    return found.group() if found else text


def _name(python: str | None) -> str:
    return f"`{python}`" if python is not None else "not named"
