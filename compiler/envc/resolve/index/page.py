"""A page of an index (PEP 503, PEP 691) or of find-links becomes the files that it lists."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin

from envc.diagnostics import Diagnostic
from envc.errors import ToolError
from envc.frozen import frozen
from envc.resolve.base import IndexAccess
from envc.resolve.index.transport import Answer

__all__ = ["IndexFile", "parse_page"]


@frozen
class IndexFile:
    """A file as an index offers it.

    Attributes:
        filename: Its name.
        url: Where it lies, without a fragment; a mirror's address where a mirror was asked.
        sha256: As the index states it, in hex, or None.
        size: As the index states it, in bytes, or None.
        requires_python: The Python versions it is for, or None for all.
        yanked: Whether it was withdrawn (PEP 592).
        yanked_reason: Why; may be empty.
        has_metadata: Whether the index serves its metadata by itself (PEP 658).
        upload_time: When the index got it (PEP 700), in UTC, or None where it does not say.
        source: The page of find-links that links to it; None for a file of the project's index.
        local: Where it lies on this machine; None for a file that must be fetched.
        path: Of a local file, relative to the spec in POSIX form.
    """

    filename: str
    url: str
    sha256: str | None = None
    size: int | None = None
    requires_python: str | None = None
    yanked: bool = False
    yanked_reason: str = ""
    has_metadata: bool = False
    upload_time: datetime | None = None
    source: IndexAccess | None = None
    local: Path | None = None
    path: str = ""


def parse_page(
    answer: Answer, index: IndexAccess, is_wanted: Callable[[str], bool] = lambda _: True
) -> tuple[IndexFile, ...]:
    """Return the files that a page lists, in its order.

    Args:
        is_wanted: Told a file's name, says whether it counts: big pages list thousands of files, and
            to leave most of them out unread saves two thirds of the time.

    Raises:
        ToolError: It says that it is of PEP 691, and is not, or it is no text at all (E337).
    """
    if "json" not in answer.content_type:
        if b"\0" in answer.content:
            raise _no_page(index, "with what is no text")
        text = answer.content.decode("utf-8", errors="replace")
        return tuple(_files_from_html(answer.url, text, is_wanted))
    try:
        return tuple(
            _file_from_json(answer.url, entry)
            for entry in json.loads(answer.content)["files"]
            if is_wanted(entry["filename"])
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _no_page(index, "with a page that is not of PEP 691") from error


def _no_page(index: IndexAccess, how: str) -> ToolError:
    message = f"{index.statement} `{index.url}` answered {how}"
    hint = "check the address: an index ends in `/simple` as a rule"
    return ToolError([Diagnostic.at(index.span, "E337", message, hint=hint)])


def _file_from_json(page: str, entry: Mapping[str, Any]) -> IndexFile:
    """Return a file of a JSON page (PEP 691, PEP 700, PEP 714).

    Raises:
        KeyError: It lacks what every file has.
        TypeError: A value is of another type than it says.
        ValueError: Its name is a path.
    """
    size, requires_python = entry.get("size"), entry.get("requires-python")
    if not isinstance(size, int | None) or not isinstance(requires_python, str | None):
        raise TypeError(entry)
    if "/" in entry["filename"]:
        raise ValueError(entry)
    metadata = entry.get("core-metadata", entry.get("dist-info-metadata", False))
    yanked = entry.get("yanked", False)
    return IndexFile(
        filename=entry["filename"],
        url=_resolve_link(page, entry["url"])[0],
        sha256=_sha256_or_none(entry["hashes"].get("sha256")),
        size=size,
        requires_python=requires_python,
        yanked=yanked is not False,
        yanked_reason=yanked if isinstance(yanked, str) else "",
        has_metadata=bool(metadata),
        upload_time=_read_time(entry.get("upload-time")),
    )


# Machines write these pages, and big ones have thousands of links: the standard library's parser
# takes twice as long for them.
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"""<(a|base)\s((?:[^>"']++|"[^"]*+"|'[^']*+')*+)>""", re.IGNORECASE)
_PLAIN_LINK = re.compile(r"""href="(?:[^"#?&%\s]*/)?([^"/#?&%\s]+)(?:#[^"]*)?"(?=\s|$)""")
_ATTRIBUTE = re.compile(r"""([^\s=>"'/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")


def _files_from_html(page: str, text: str, is_wanted: Callable[[str], bool]) -> Iterable[IndexFile]:
    """Return the files of an HTML page (PEP 503, PEP 592, PEP 658, PEP 714)."""
    base = page
    for tag, attributes in _TAG.findall(_COMMENT.sub("", text)):
        name = _guess_name(attributes)
        if tag in "aA" and name is not None and not is_wanted(name):
            continue
        found = {
            name.lower(): html.unescape(double or single or bare)
            for name, double, single, bare in _ATTRIBUTE.findall(attributes)
        }
        if "href" not in found:
            continue
        if tag.lower() == "base":
            base = urljoin(base, found["href"])
        elif (file := _file_from_link(base, found)) and is_wanted(file.filename):
            yield file


def _guess_name(attributes: str) -> str | None:
    """Return the name in a link as indexes write it; None where that takes a closer look."""
    found = _PLAIN_LINK.match(attributes)
    return found[1] if found is not None else None


def _file_from_link(base: str, attributes: Mapping[str, str]) -> IndexFile | None:
    url, fragment = _resolve_link(base, attributes["href"])
    filename = unquote(url.partition("?")[0].rpartition("/")[2])
    if not filename:
        return None
    stated = dict(part.partition("=")[::2] for part in fragment.split("&"))
    metadata = attributes.get("data-core-metadata", attributes.get("data-dist-info-metadata"))
    return IndexFile(
        filename=filename,
        url=url,
        sha256=_sha256_or_none(stated.get("sha256")),
        requires_python=attributes.get("data-requires-python") or None,
        yanked="data-yanked" in attributes,
        yanked_reason=attributes.get("data-yanked", ""),
        has_metadata=metadata not in (None, "false"),
        # No standard has it; some mirrors write what PEP 700 has for JSON, and uv reads it.
        upload_time=_read_time(attributes.get("data-upload-time")),
    )


def _resolve_link(page: str, link: str) -> tuple[str, str]:
    """Return a link's absolute address and its fragment; absolute links, the many, take no time."""
    address, _, fragment = link.strip().partition("#")
    is_absolute = address.startswith(("https://", "http://"))
    return address if is_absolute else urljoin(page, address), fragment


_SHA256 = re.compile(r"[0-9a-f]{64}")


def _sha256_or_none(text: str | None) -> str | None:
    """Return a SHA-256 in the lock's form; what is not one counts as not stated."""
    lowered = (text or "").lower()
    return lowered if _SHA256.fullmatch(lowered) else None


def _read_time(text: object) -> datetime | None:
    """Return a time with its zone, in UTC; what is none counts as not stated."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
