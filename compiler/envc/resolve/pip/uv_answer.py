"""What `uv pip compile --format pylock.toml` writes (PEP 751) becomes versions, and files of them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from envc.resolve.index.page import IndexFile

__all__ = ["parse_answer", "write_preferred"]


def parse_answer(text: str) -> tuple[dict[str, str], dict[str, tuple[IndexFile, ...]]]:
    """Return versions by normalised name, and by the same the wheels that fit, in uv's order.

    What was asked for by an address has neither. Of a file, uv says nothing of Requires-Python,
    and nothing of whether it was withdrawn. Where the index states no hash, it is of what uv fetched.

    Raises:
        ValueError: It is no such file.
        KeyError: It lacks what every such file has.
    """
    from packaging.version import Version

    pins: dict[str, str] = {}
    files: dict[str, tuple[IndexFile, ...]] = {}
    for package in tomllib.loads(text).get("packages", ()):
        if not package.keys() & {"archive", "directory", "vcs"}:
            name = package["name"]
            pins[name] = str(Version(package["version"]))
            files[name] = tuple(_read_wheels(package.get("wheels", ())))
    return pins, files


def write_preferred(pins: Mapping[str, str]) -> str:
    """Return a file in which uv finds the versions to prefer, as if it had written it.

    >>> print(write_preferred({"rich": "13.9.4"}))
    lock-version = "1.0"
    created-by = "envc"
    <BLANKLINE>
    [[packages]]
    name = "rich"
    version = "13.9.4"
    <BLANKLINE>
    """
    packages = (
        f'\n[[packages]]\nname = "{name}"\nversion = "{version}"\n'
        for name, version in pins.items()
    )
    return "".join(('lock-version = "1.0"\ncreated-by = "envc"\n', *packages))


def _read_wheels(wheels: list[Mapping[str, Any]]) -> Iterator[IndexFile]:
    for wheel in wheels:
        if "url" in wheel:
            moment = wheel.get("upload-time")
            yield IndexFile(
                filename=wheel.get("name")
                or unquote(urlsplit(wheel["url"]).path).rpartition("/")[2],
                url=wheel["url"],
                sha256=wheel["hashes"].get("sha256"),
                size=wheel.get("size"),
                upload_time=moment if isinstance(moment, datetime) else None,
            )
