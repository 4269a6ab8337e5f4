"""Plain data to the one sequence of bytes that stands for it, and to its SHA-256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeAlias

__all__ = ["Described", "Json", "canonical_json", "digest", "readable_json", "tree_digest"]

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | bool | None"


def canonical_json(data: Json) -> bytes:
    r"""Return data as canonical JSON: sorted keys, no white space, ASCII.

    Characters beyond ASCII are `\u` escapes of UTF-16 code units, so that every string has a form,
    one with lone surrogates too, and the bytes mean the same under any encoding. Keys are sorted by
    code points. Unicode is not normalised: texts that differ in bytes differ.

    >>> canonical_json({"b": [1, None], "a": "é"})
    b'{"a":"\\u00e9","b":[1,null]}'

    Raises:
        TypeError: There is a float, which has no one form, a key that is no string, or another type.
    """
    _refuse_ambiguous(data)
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def digest(data: Json) -> str:
    """Return `sha256:` and the hex SHA-256 of the canonical JSON.

    >>> digest({})
    'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'
    """
    return f"sha256:{hashlib.sha256(canonical_json(data)).hexdigest()}"


def readable_json(data: Json) -> str:
    """Return data as JSON that reads and diffs well: sorted keys, an item of a list a line, ASCII.

    >>> print(readable_json({"b": [{"x": 1}, {"x": 2}], "a": []}), end="")
    {
      "a": [],
      "b": [
        {"x": 1},
        {"x": 2}
      ]
    }
    """
    return _indent(data, "") + "\n"


def _indent(data: Json, indent: str) -> str:
    inner = indent + "  "
    match data:
        case dict() if data:
            lines = [
                f"{inner}{json.dumps(key)}: {_indent(value, inner)}"
                for key, value in sorted(data.items())
            ]
            return "\n".join(["{", ",\n".join(lines), indent + "}"])
        case list() if data:
            lines = [inner + json.dumps(item, sort_keys=True) for item in data]
            return "\n".join(["[", ",\n".join(lines), indent + "]"])
        case _:
            return json.dumps(data)


def _refuse_ambiguous(data: object) -> None:
    match data:
        case dict():
            for key, value in data.items():
                if not isinstance(key, str):
                    raise TypeError(f"not a key of canonical JSON: {key!r}")
                _refuse_ambiguous(value)
        case list() | tuple():
            for value in data:
                _refuse_ambiguous(value)
        case str() | int() | None:
            pass
        case _:
            raise TypeError(f"no canonical JSON for {type(data).__name__}")


class Described(Protocol):
    """A file of a tree, as whoever has it describes it."""

    @property
    def path(self) -> str:
        """Relative to the tree, in POSIX form."""

    @property
    def sha256(self) -> str:
        """Of its content, or of its target's text."""

    @property
    def mode(self) -> int:
        """Its permissions."""

    @property
    def link(self) -> str | None:
        """The target of a symbolic link, or None."""


def tree_digest(files: Iterable[Described]) -> str:
    """Return the SHA-256, in hex, of a tree: of the canonical JSON of path, mode, digest and link.

    Times and owners make no difference, nor does what `envc.files.read_tree` leaves out.
    """
    rows: list[Json] = [[one.path, f"{one.mode:o}", one.sha256, one.link] for one in files]
    return digest(rows).removeprefix("sha256:")
