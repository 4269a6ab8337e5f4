"""Values as Dockerfile syntax: the only place that quotes, so that no value can leave its place."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

__all__ = [
    "FILTERS",
    "comment",
    "escape_word",
    "exec_form",
    "expanded_form",
    "plain_path",
    "quote",
    "quote_name",
]

_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=~-]+")
_PATH = re.compile(r"(?!-)[A-Za-z0-9_./@%+=!~-]+")
_LINE_WIDTH = 96


def quote(value: str) -> str:
    r"""Return a value for ENV, LABEL, USER and WORKDIR: as it is where it needs no quotes.

    In double quotes Docker knows three escapes and expands variables:
    https://docs.docker.com/reference/dockerfile/#environment-replacement.

    >>> print(quote('4'), quote('a "$HOME"'))
    4 "a \"\$HOME\""

    Raises:
        ValueError: It has a line end or a NUL, which no Dockerfile can say here.
    """
    if re.search(r"[\n\r\0]", value):
        raise ValueError("a line end or NUL cannot be quoted here")
    if _PLAIN.fullmatch(value):
        return value
    return '"' + re.sub(r'([\\"$])', r"\\\1", value) + '"'


def quote_name(name: str) -> str:
    """Return the name of a LABEL, quoted as its value is.

    Raises:
        ValueError: It is empty or has a `=`, at which Docker splits even what is quoted.
    """
    if not name or "=" in name:
        raise ValueError(f"not a name: {name!r}")
    return quote(name)


def exec_form(words: Sequence[str]) -> str:
    r"""Return words as a JSON array, which Docker expands nothing in; long ones get a line each.

    >>> print(exec_form(["python", "-c", "print('$HOME')"]))
    ["python", "-c", "print('$HOME')"]
    """
    quoted = [json.dumps(word, ensure_ascii=False) for word in words]
    line = f"[{', '.join(quoted)}]"
    if len(line) <= _LINE_WIDTH:
        return line
    return "[" + ", \\\n     ".join(quoted) + "]"


def expanded_form(words: Sequence[str]) -> str:
    r"""Return words as a JSON array for VOLUME, where Docker takes quotes off and expands variables.

    >>> print(expanded_form(["/data", "/a $b"]))
    ["/data", "/a \\$b"]

    Raises:
        ValueError: A word is empty, or has white space at an end, which Docker takes off.
    """
    for word in words:
        if not word or word != word.strip():
            raise ValueError(f"not a path: {word!r}")
    return exec_form([re.sub(r"([\\$'\"])", r"\\\1", word) for word in words])


def escape_word(value: str) -> str:
    """Return one word of ADD, or where COPY puts what it takes: variables and escapes are as they are.

    Raises:
        ValueError: It has white space or a control character, which would end the word.
    """
    if re.search(r"[\s\x00-\x1f\x7f\"']", value):
        raise ValueError(f"not one word: {value!r}")
    return re.sub(r"([\\$])", r"\\\1", value)


def plain_path(value: str) -> str:
    """Return the path of what COPY takes, or of a RUN's mount: envc and wheels give these their names.

    COPY would take words, variables and patterns from it, and a mount's option ends at a comma.

    Raises:
        ValueError: It has any other character than names of files need.
    """
    if not _PATH.fullmatch(value):
        raise ValueError(f"not a plain path: {value!r}")
    return value


def comment(line: str) -> str:
    """Return a comment line; what would end the line is shown as a mark."""
    return f"# {''.join(char if char.isprintable() else chr(0xFFFD) for char in line)}".rstrip()


FILTERS = {
    "comment": comment,
    "escape_word": escape_word,
    "exec_form": exec_form,
    "expanded_form": expanded_form,
    "plain_path": plain_path,
    "quote": quote,
    "quote_name": quote_name,
}
