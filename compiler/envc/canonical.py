"""Plain data to the one sequence of bytes that stands for it, and to its SHA-256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

__all__ = ["Json", "canonical_json", "digest", "readable_json"]

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
