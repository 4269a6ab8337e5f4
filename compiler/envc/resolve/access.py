"""Where the packages of a spec come from, with the credentials that their secrets hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from envc.diagnostics import Diagnostic, Label
from envc.errors import InputError
from envc.resolve.base import FindLinks, IndexAccess
from envc.resolve.credential import borrow, find_secret
from envc.spec.defaults import channel_addresses, find_links, indexes
from envc.spec.entry import channel_entries
from envc.spec.model import EnvSpec
from envc.syntax.document import Document
from envc.syntax.document import Path as Place

_STATEMENTS: Mapping[str | int, str] = {"channels": "channel", "find-links": "find-links"}

__all__ = ["access_channels", "access_find_links", "access_indexes", "warn_of_borrowed"]


def access_channels(
    spec: EnvSpec, document: Document, environment: Mapping[str, str]
) -> tuple[IndexAccess, ...]:
    """Return the spec's channels with the credentials that their secrets hold; not those by default.

    Raises:
        InputError: A secret is not set (E360), or two channels of one host have two secrets (E366):
            solvers log in to hosts.
    """
    problems: list[Diagnostic] = []
    access: list[IndexAccess] = []
    for entry, channel in zip(channel_entries(document), spec.channels, strict=False):
        secret = None if isinstance(channel, str) else channel.secret
        name = channel if isinstance(channel, str) else channel.channel
        path = entry.path[:2] if secret is not None else entry.path
        access += [
            _log_in(document, address, secret, (*path, "secret"), entry.path, environment, problems)
            for address in channel_addresses(name)
        ]
    problems += _refuse_two_logins(access)
    if problems:
        raise InputError(problems)
    return tuple(access)


def _refuse_two_logins(access: Sequence[IndexAccess]) -> Iterator[Diagnostic]:
    first: dict[str, IndexAccess] = {}
    for one in access:
        if one.secret is None:
            continue
        host = urlsplit(one.url).hostname or ""
        other = first.setdefault(host, one)
        if other.secret == one.secret or one.span is None or other.span is None:
            continue
        yield Diagnostic(
            code="E366",
            message=f"two channels of `{host}` have two secrets, and a solver logs in to a host once",
            labels=(Label(span=one.span), Label(span=other.span, text="the other one")),
            hint="name one secret whose credentials open both",
        )


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


def warn_of_borrowed(access: Iterable[IndexAccess], used: Collection[str]) -> Iterator[Diagnostic]:
    """Yield a warning for each address that a lock has packages of, and that a netrc file opened (W362).

    A build does not know of that file: what it must log in to, the spec says.

    Args:
        used: The canonical addresses of what packages come from.
    """
    for one in access:
        if one.credentials is not None and one.secret is None and one.url in used:
            yield Diagnostic.at(
                one.span,
                "W362",
                f"{one.statement} `{one.url}` was asked with the credentials of your netrc file, "
                "which no build has",
                hint="add `secret NAME` to it: the build then gets the same credentials",
            )


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
    place = (*path, "url")
    return _log_in(document, url, secret, (*path, "secret"), place, environment, problems)


def _log_in(
    document: Document,
    url: str,
    secret: str | None,
    secret_path: Place,
    place: Place,
    environment: Mapping[str, str],
    problems: list[Diagnostic],
) -> IndexAccess:
    """Return the access to an address; of a secret that nobody knows, a problem."""
    if secret is None:
        credentials = borrow(url, environment)
    elif (credentials := find_secret(secret, url, environment)) is None:
        message = f"the secret `{secret}` is not set"
        host = urlsplit(url).hostname
        hint = (
            f"set the environment variable `{secret}` to `user:password` or a token, or add "
            f"`machine {host}` to your netrc file"
        )
        problems.append(Diagnostic.at(document.span(secret_path), "E360", message, hint=hint))
    return IndexAccess(
        url=url,
        secret=secret,
        credentials=credentials,
        span=document.span(place) if place in document.spans else None,
        statement=_STATEMENTS.get(place[1] if place[0] == "pip" else place[0], "index"),
    )
