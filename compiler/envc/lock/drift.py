"""What a spec says that its lock does not know: found by reading, with no solver and no network."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from envc.diagnostics import Diagnostic, Label
from envc.lock.intent import intent
from envc.lock.limit import compare_limits
from envc.lock.model import Lock
from envc.source import Span
from envc.spec.defaults import find_links
from envc.spec.defaults import wheels as normal_paths
from envc.spec.entry import Entry, conda_entries, pip_entries
from envc.spec.matchspec import normal_matchspec, split_matchspec
from envc.spec.model import EnvSpec
from envc.spec.requirement import normal_requirement
from envc.syntax.document import Document, Path

__all__ = ["drift"]

_PIP_NAME = re.compile(r"[a-z0-9-]+")


def drift(
    spec: EnvSpec,
    document: Document,
    lock: Lock,
    *,
    wheels: Mapping[str, str | None] | None = None,
) -> tuple[Diagnostic, ...]:
    """Return all in which a lock is not that of its spec (E410 to E416, E420 to E423), in spec order.

    The environment's name, variables, steps and all else that is not resolved makes no difference.

    Args:
        wheels: The SHA-256 of local wheels as they lie there now, by their path; None for one
            that is not there any more. Those that are not given are not compared.
    """
    found = list(_compare(spec, document, lock, wheels or {}))
    return tuple(sorted(found, key=document.order))


def _compare(
    spec: EnvSpec, document: Document, lock: Lock, wheels: Mapping[str, str | None]
) -> Iterator[Diagnostic]:
    wanted, locked = intent(spec), lock.intent
    hint = f"run `envc lock {document.source.name}`"

    def differ(code: str, message: str, span: Span, note: str = "") -> Diagnostic:
        notes = (note,) if note else ()
        labels = (Label(span=span),)
        return Diagnostic(code=code, message=message, labels=labels, notes=notes, hint=hint)

    if wanted.base != locked.base:
        message = f"the base is `{wanted.base}`, and the lock was made for `{locked.base}`"
        yield differ("E412", message, _place(document, ("base", "image")))
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
    for message, span in _compare_packages(document, locked.conda, locked.pip):
        yield differ("E410", message, span)
    for message, span in _compare_platforms(spec, document, lock):
        yield differ("E414", message, span)
    for one in compare_limits(document, wanted, locked):
        yield differ(one.code, one.message, _place(document, one.path), one.note)
    local = (
        _compare_wheels(spec, document, lock, wheels),
        _compare_linked(spec, document, lock, wheels),
    )
    for code, message, span in chain(*local):
        yield differ(code, message, span)


def _compare_packages(
    document: Document, conda: Sequence[str], pip: Sequence[str]
) -> Iterator[tuple[str, Span]]:
    for kind, block, entries, normal, name_of, locked in (
        ("Conda", "conda", conda_entries(document), normal_matchspec, _conda_name, conda),
        ("pip", "pip", pip_entries(document), normal_requirement, _pip_name, pip),
    ):
        known = set(locked)
        wanted = {normal(entry.text) for entry in entries}
        gone = {name_of(text): text for text in locked if text not in wanted}
        for entry in entries:
            if normal(entry.text) not in known:
                old = gone.pop(name_of(normal(entry.text)), None)
                yield _explain_new(entry, kind, old), document.span(entry.path)
        for text in gone.values():
            message = f"the lock has the {kind} package `{text}`, which the spec does not ask for"
            yield message, _key(document, block)


def _explain_new(entry: Entry, kind: str, old: str | None) -> str:
    if old is None:
        return f"the lock does not know the {kind} package `{entry.text.strip()}`"
    return f"the spec asks for `{entry.text.strip()}`, and the lock was made for `{old}`"


def _compare_platforms(spec: EnvSpec, document: Document, lock: Lock) -> Iterator[tuple[str, Span]]:
    for number, platform in enumerate(spec.platforms):
        if platform not in lock.platforms:
            span = _place(document, ("platforms", number))
            yield f"the lock does not know the platform `{platform}`", span
    for gone in sorted(set(lock.platforms) - set(spec.platforms)):
        message = f"the lock has the platform `{gone}`, which the spec does not ask for"
        yield message, _key(document, "platforms")


def _compare_wheels(
    spec: EnvSpec, document: Document, lock: Lock, wheels: Mapping[str, str | None]
) -> Iterator[tuple[str, str, Span]]:
    locked = lock.local_wheels
    wanted = normal_paths(spec)
    for number, path in enumerate(wanted):
        span = _place(document, ("pip", "wheels", number))
        if path not in lock.intent.wheels:
            yield "E415", f"the lock does not know the wheel `{path}`", span
        elif path in wheels and locked.get(path) not in {wheels[path], None}:
            yield "E416", f"the wheel `{path}` has changed since it was locked", span
    for path in sorted(set(lock.intent.wheels) - set(wanted)):
        message = f"the lock has the wheel `{path}`, which the spec does not ask for"
        yield "E415", message, _key(document, "pip")


def _compare_linked(
    spec: EnvSpec, document: Document, lock: Lock, wheels: Mapping[str, str | None]
) -> Iterator[tuple[str, str, Span]]:
    """Yield what has become of locked wheels that lie in a folder of find-links."""
    places = {place.path: number for number, place in enumerate(find_links(spec)) if place.path}
    for path, sha256 in sorted(lock.local_wheels.items()):
        number = places.get(posixpath.dirname(path) or ".")
        if number is None or path in lock.intent.wheels or wheels.get(path, sha256) == sha256:
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
