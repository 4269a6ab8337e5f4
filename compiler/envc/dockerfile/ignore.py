"""What a `.dockerignore` leaves out, by Docker's own rules, which are not those of `.gitignore`.

https://docs.docker.com/build/concepts/context/#dockerignore-files, and for what that leaves open
https://github.com/moby/patternmatcher, whose order of steps this keeps.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from envc.frozen import frozen

__all__ = ["Ignored"]


@frozen
class Ignored:
    """Patterns in order: the last one that fits a path, or a folder above it, decides.

    Attributes:
        patterns: Of each, whether it takes in again, and what it fits.
    """

    patterns: tuple[tuple[bool, re.Pattern[str]], ...] = ()

    @staticmethod
    def of(text: str) -> Ignored:
        """Return the patterns of a file's text.

        >>> ignored = Ignored.of("*.log\\nbuild\\n!build/keep.txt\\n")
        >>> [ignored.leaves_out(path) for path in ("a.log", "x/a.log", "build/a", "build/keep.txt")]
        [True, False, True, False]
        """
        return Ignored(patterns=tuple(_read(text)))

    def leaves_out(self, path: str) -> bool:
        """Say whether a file is left out, by its path relative to the context."""
        parts = path.split("/")
        above = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        is_out = False
        for takes_in, pattern in self.patterns:
            if takes_in == is_out and any(pattern.fullmatch(one) for one in above):
                is_out = not takes_in
        return is_out

    def match_file(self, path: str) -> bool:
        """Say whether nothing at or below a path is needed; that of a folder ends in `/`."""
        if path.endswith("/"):
            takes_some_in = any(takes_in for takes_in, _ in self.patterns)
            return not takes_some_in and self.leaves_out(path.rstrip("/"))
        return self.leaves_out(path)


def _read(text: str) -> Iterator[tuple[bool, re.Pattern[str]]]:
    for line in text.removeprefix("\ufeff").splitlines():
        if line.startswith("#"):
            continue
        pattern = line.strip()
        takes_in = pattern.startswith("!")
        pattern = pattern[1:].strip() if takes_in else pattern
        if not pattern:
            continue
        pattern = posixpath.normpath(pattern).lstrip("/")
        if pattern:
            yield takes_in, re.compile(_to_regex(pattern), re.DOTALL)


def _to_regex(pattern: str) -> str:
    parts: list[str] = []
    place = 0
    while place < len(pattern):
        char = pattern[place]
        if pattern.startswith("**", place):
            place += 2
            if pattern.startswith("/", place):
                place += 1
            parts.append(".*" if place >= len(pattern) else "(?:.*/)?")
            continue
        place += 1
        if char == "*":
            parts.append("[^/]*")
        elif char == "?":
            parts.append("[^/]")
        elif char == "\\" and place < len(pattern):
            parts.append(re.escape(pattern[place]))
            place += 1
        elif char == "[" and (end := pattern.find("]", place + 1)) > 0:
            inner = pattern[place:end]
            place = end + 1
            negates = inner.startswith("^")
            inner = inner[1:] if negates else inner
            parts.append(f"[{'^' if negates else ''}{_escape_class(inner)}]")
        else:
            parts.append(re.escape(char))
    return "".join(parts)


def _escape_class(inner: str) -> str:
    return re.sub(r"[\[\]^&~|]", lambda found: "\\" + found[0], inner)
