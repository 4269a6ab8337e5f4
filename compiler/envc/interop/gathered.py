"""What an importer finds in a foreign file, as the parts of a spec, each with its place in that file."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import urlunsplit

from envc.diagnostics import Diagnostic, suggest
from envc.frozen import frozen
from envc.interop.address import TOKEN_PATH, hide_credentials, split_address
from envc.interop.adopted import Adopted
from envc.source import Source, Span
from envc.syntax.document import Data

__all__ = ["Gathered", "Item", "Load", "Remark", "name_like"]

Load: TypeAlias = Callable[[str], Source]
"""Returns a file by its path relative to the imported one; raises InputError where it cannot."""

_VARIABLE = re.compile(r"\$\{?([A-Z_][A-Z0-9_]*)\}?")
_NAME = re.compile(r"[^a-z0-9._-]+")
_NAME_EDGE = re.compile(r"(?:^[._-]+|[._-]+$)")
_NAME_RUN = re.compile(r"([._-])[._-]+")
_NAME_MAX = 128
_PYPI = "https://pypi.org/simple"
_SHOWN_MAX = 80


@frozen
class Item:
    """A part of the spec.

    Attributes:
        path: The keys that lead to it, in the shape in which each block is a mapping.
        value: Itself; of a list, one item.
        is_listed: Whether the path is that of a list, and this one of its items.
        span: Where the foreign file says it.
        text: How that file says it, in short.
    """

    path: tuple[str, ...]
    value: Data
    is_listed: bool
    span: Span | None
    text: str


@frozen
class Remark:
    """Something that the spec cannot say as the foreign file says it."""

    message: str
    span: Span | None = None
    hint: str = ""

    @property
    def diagnostic(self) -> Diagnostic:
        """The warning about it (W431); without its place where that line shows a password."""
        span = self.span
        if span is not None:
            line = span.source.line(span.position.line)
            span = span if hide_credentials(line) == line else None
        return Diagnostic.at(span, "W431", self.message, hint=self.hint)


@dataclass(slots=True, kw_only=True)
class Gathered:
    """What is found, while it is being found.

    Attributes:
        folder: Where the imported file lies, relative to the spec, in POSIX form; `.` beside it.
        wanted: The environment to import, of a file with several; None is the usual one.
        items: In the order in which they were found.
        remarks: Likewise.
        adopted: What the file pins, where it is a lock.
    """

    folder: str = "."
    wanted: str | None = None
    items: list[Item] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    adopted: Adopted | None = None
    _main: list[tuple[str, Span | None]] = field(default_factory=list)
    _extras: list[tuple[str, Span | None]] = field(default_factory=list)

    def put(self, path: tuple[str, ...], value: Data, span: Span | None, text: str = "") -> None:
        """Say a single value; what is said later takes its place."""
        self.items = [item for item in self.items if item.path != path]
        self.items.append(
            Item(path=path, value=value, is_listed=False, span=span, text=text or str(value))
        )

    def add(self, path: tuple[str, ...], value: Data, span: Span | None, text: str = "") -> None:
        """Add an item to a list, unless it is there already."""
        if any(item.path == path and item.value == value for item in self.items):
            return
        shown = text or (value if isinstance(value, str) else str(value))
        self.items.append(Item(path=path, value=value, is_listed=True, span=span, text=shown))

    def has(self, *path: str) -> bool:
        """Whether something is said at a path or below it."""
        return any(item.path[: len(path)] == path for item in self.items)

    def texts(self, *path: str) -> list[Item]:
        """Return the items of a list."""
        return [item for item in self.items if item.path == path]

    def remark(self, message: str, span: Span | None = None, hint: str = "") -> None:
        """Note what cannot be said."""
        self.remarks.append(Remark(message=hide_credentials(message), span=span, hint=hint))

    def leave_out(self, text: str, why: str, span: Span | None = None, hint: str = "") -> None:
        """Note what is left out, and why."""
        self.remark(f"`{_shorten(text)}` is left out: {why}", span, hint)

    def leave_out_key(
        self,
        key: str,
        known: Iterable[str],
        span: Span | None,
        why: str = "a spec has no place for it",
    ) -> None:
        """Note that a key is left out, and which of those that are known it may be meant to be."""
        meant = suggest(key, known)
        self.leave_out(key, why, span, f"did you mean `{meant}`?" if meant else "")

    def put_name(self, name: str, span: Span | None) -> None:
        """Say the environment's name, in the letters that names have."""
        own = name_like(name)
        if own != name:
            self.remark(
                f"the environment is called `{own}`: `{_shorten(name)}` is no name of one", span
            )
        self.put(("environment",), own, span, name)

    def add_index(self, url: str, span: Span | None) -> None:
        """Say which package index is the main one, instead of PyPI."""
        self._main = [(url, span)]

    def add_extra_index(self, url: str, span: Span | None) -> None:
        """Add a package index that goes before the main one, as for uv: it is named for a reason."""
        if all(url != other for other, _ in self._extras):
            self._extras.append((url, span))

    def settle(self) -> None:
        """Say the package indexes in their order; nothing may be found afterwards."""
        for url, span in (*self._extras, *self._main):
            self.add(("pip", "indexes"), self._with_secret(url, span), span, hide_credentials(url))
        if self._extras and not self._main:
            self.add(("pip", "indexes"), {"url": _PYPI}, None)
        self._extras, self._main = [], []

    def add_channel(self, name: str, span: Span | None) -> None:
        """Add a Conda channel; one with credentials in its address names a secret instead."""
        parts = split_address(name)
        user, at, host = parts.netloc.rpartition("@")
        token = TOKEN_PATH.match(parts.path)
        if not at and token is None:
            self.add(("channels",), name, span)
            return
        path = parts.path if token is None else parts.path[token.end() - 1 :]
        clean = urlunsplit((parts.scheme, host, path, "", ""))
        named = _VARIABLE.findall(user or (token.group() if token is not None else ""))
        secret = self._name_channel_secret(host, named)
        self._tell_secret(clean, secret, span if named else None)
        shown = hide_credentials(name)
        self.add(("channels",), {"channel": clean, "secret": secret}, span, shown)

    def _name_channel_secret(self, host: str, named: list[str]) -> str:
        """Return the secret of a host: its channels have one, since solvers log in to hosts."""
        secrets: dict[str, str] = {}
        for item in self.texts("channels"):
            if isinstance(item.value, dict):
                known = split_address(str(item.value["channel"])).netloc
                secrets[known] = str(item.value["secret"])
        new = named[-1] if named else f"CHANNEL_TOKEN_{len(set(secrets.values())) + 1}"
        return secrets.get(host, new)

    def add_find_links(self, place: str, span: Span | None) -> None:
        """Add a page or a folder with wheels."""
        if "://" in place:
            self.add(("pip", "find-links"), self._with_secret(place, span), span, place)
        else:
            self.add(("pip", "find-links"), {"path": self.beside(place)}, span, place)

    def beside(self, path: str, *, below: str = ".") -> str:
        """Return a path relative to the spec, of one relative to the imported file.

        Args:
            below: The folder that the path is relative to, itself relative to the imported file.
        """
        if path.startswith("/"):
            return path
        joined = posixpath.normpath(posixpath.join(self.folder, below, path))
        is_folder = path.endswith("/") and joined != "."
        return f"{joined}/" if is_folder else joined

    def _with_secret(self, url: str, span: Span | None) -> dict[str, Data]:
        parts = split_address(url)
        user, at, host = parts.netloc.rpartition("@")
        if not at:
            return {"url": url}
        named = _VARIABLE.findall(user)
        secret = named[-1] if named else f"INDEX_TOKEN_{self._count_secrets() + 1}"
        clean = urlunsplit((parts.scheme, host, parts.path, parts.query, parts.fragment))
        self._tell_secret(clean, secret, span if named else None)
        return {"url": clean, "secret": secret}

    def _tell_secret(self, address: str, secret: str, span: Span | None) -> None:
        self.remark(
            f"the credentials of `{address}` are not in the spec: it names the secret `{secret}`",
            span,
            hint=f"set the environment variable `{secret}` to `user:password` or a token",
        )

    def _count_secrets(self) -> int:
        return sum(
            isinstance(one.value, dict) and "secret" in one.value and one.path != ("channels",)
            for one in self.items
        )


def name_like(text: str) -> str:
    """Return the name of an environment that is most like a text.

    >>> name_like("My Env[gpu]")
    'my-env-gpu'
    """
    name = _NAME_RUN.sub(r"\1", _NAME.sub("-", text.lower()))
    return _NAME_EDGE.sub("", name)[:_NAME_MAX].rstrip("._-") or "imported"


def _shorten(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _SHOWN_MAX else f"{words[: _SHOWN_MAX - 1]}…"
