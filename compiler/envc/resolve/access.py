"""Where the wheels of a spec come from, with the credentials that their secrets hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from envc.diagnostics import Diagnostic
from envc.errors import InputError
from envc.resolve.base import FindLinks, IndexAccess
from envc.spec.defaults import find_links, indexes
from envc.spec.model import EnvSpec
from envc.syntax.document import Document
from envc.syntax.document import Path as Place

__all__ = ["access_find_links", "access_indexes"]


def access_indexes(
    spec: EnvSpec, document: Document, environment: Mapping[str, str]
) -> tuple[IndexAccess, ...]:
    """Return the spec's indexes with the credentials that their secrets hold.

    Raises:
        InputError: A secret is not set (E360).
    """
    problems: list[Diagnostic] = []
    access = tuple(
        _open(document, ("pip", "indexes", number), index.url, index.secret, environment, problems)
        for number, index in enumerate(indexes(spec))
    )
    if problems:
        raise InputError(problems)
    return access


def access_find_links(
    spec: EnvSpec, document: Document, environment: Mapping[str, str], folder: Path
) -> tuple[FindLinks, ...]:
    """Return where else the spec's wheels are: pages with their credentials, and folders.

    Args:
        folder: The spec's own.

    Raises:
        InputError: A secret is not set (E360), or a folder is not there (E155).
    """
    problems: list[Diagnostic] = []
    found = tuple(_list_places(spec, document, environment, folder, problems))
    if problems:
        raise InputError(problems)
    return found


def _list_places(
    spec: EnvSpec,
    document: Document,
    environment: Mapping[str, str],
    folder: Path,
    problems: list[Diagnostic],
) -> Iterator[FindLinks]:
    for number, place in enumerate(find_links(spec)):
        path: Place = ("pip", "find-links", number)
        if place.url is not None:
            page = _open(document, path, place.url, place.secret, environment, problems)
            yield FindLinks(page=page, span=page.span)
            continue
        name = place.path or "."
        span = document.span((*path, "path"))
        if not (folder / name).is_dir():
            message = f"there is no folder `{name}` beside the spec"
            hint = "paths are relative to the spec's folder"
            problems.append(Diagnostic.at(span, "E155", message, hint=hint))
        yield FindLinks(folder=folder / name, path=name, span=span)


def _open(
    document: Document,
    path: Place,
    url: str,
    secret: str | None,
    environment: Mapping[str, str],
    problems: list[Diagnostic],
) -> IndexAccess:
    """Return the access to an address that the spec names at a path, or by default."""
    credentials = environment.get(secret) if secret is not None else None
    if secret is not None and not credentials:
        message = f"the secret `{secret}` is not set"
        hint = f"set the environment variable `{secret}` to `user:password` or a token"
        span = document.span((*path, "secret"))
        problems.append(Diagnostic.at(span, "E360", message, hint=hint))
    place = (*path, "url")
    return IndexAccess(
        url=url,
        secret=secret,
        credentials=credentials,
        span=document.span(place) if place in document.spans else None,
        statement="find-links" if path[1] == "find-links" else "index",
    )
