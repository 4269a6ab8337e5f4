"""A text in; how it is written out, in the DSL or in YAML: plain, quoted, or over several lines."""

from __future__ import annotations

import re

__all__ = ["dsl_string", "dsl_word", "yaml_block", "yaml_flow", "yaml_plain", "yaml_quoted"]

_PARAMETER = r"\$\{\{ ?[A-Za-z0-9_.-]+ ?\}\}"
_DSL_WORD = re.compile(rf"(?:[A-Za-z0-9_./]|{_PARAMETER})(?:[A-Za-z0-9_./:=@+-]|{_PARAMETER})*")
_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}
_NULLS = frozenset({"null", "Null", "NULL"})

# Words that stand for something else to other readers of YAML, and numbers, which they would round.
_YAML_OTHER = re.compile(
    r"(?i:true|false|yes|no|on|off|y|n)"
    r"|[-+]?(?:[0-9][0-9_,:]*)?\.?[0-9][0-9_:]*(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|[0-9]+\."
    r"|0[xob][0-9A-Fa-f_]+|[-+]?\.(?:inf|nan)|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*"
)
_YAML_PLAIN = re.compile(
    rf"(?:[A-Za-z0-9_./]|{_PARAMETER})(?:[A-Za-z0-9_./@%+=<>!~|*;(),\[\] -]|{_PARAMETER})*"
    r"(?::[A-Za-z0-9_./@+-]+)*"
)
_YAML_FLOW = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./@+=-]*(?: [A-Za-z0-9_./@+=-]+)*")


def dsl_word(text: str) -> str:
    """Return a text as a word where it can be one, else as a string of the DSL.

    >>> dsl_word("linux/amd64"), dsl_word("two words")
    ('linux/amd64', '"two words"')
    """
    return text if _DSL_WORD.fullmatch(text) else dsl_string(text)


def dsl_string(text: str) -> str:
    r"""Return a text as a string of the DSL; one with line ends as a string over several lines.

    >>> print(dsl_string('say "hi"'), dsl_string("a\b"))
    'say "hi"' "a\b"
    """
    is_shown = all(char.isprintable() for char in text)
    if is_shown and ('"' in text or "\\" in text) and "'" not in text:
        return f"'{text}'"
    if "\n" not in text:
        return _escape(text)
    is_literal = all(char.isprintable() or char in "\n\t" for char in text)
    if is_literal and "\\" not in text and '""' not in text and not text.endswith('"'):
        return f'"""\n{text}"""'
    if is_literal and "''" not in text and not text.endswith("'"):
        return f"'''\n{text}'''"
    lines = [_escape(line)[1:-1] for line in text.split("\n")]
    return '"""\n' + "\n".join(lines) + '"""'


def yaml_plain(text: str) -> str:
    """Return a text as a value of a YAML block: plain where every reader takes it for a text.

    >>> yaml_plain("numpy >=1.26,<2"), yaml_plain("yes"), yaml_plain("a: b")
    ('numpy >=1.26,<2', '"yes"', '"a: b"')
    """
    is_plain = _YAML_PLAIN.fullmatch(text) and not text.endswith(" ")
    return text if is_plain and not _is_other(text) else yaml_quoted(text)


def yaml_flow(text: str) -> str:
    """Return a text as a value inside of `[...]` or `{...}`.

    >>> yaml_flow("train.py"), yaml_flow("a, b")
    ('train.py', '"a, b"')
    """
    return text if _YAML_FLOW.fullmatch(text) and not _is_other(text) else yaml_quoted(text)


def yaml_quoted(text: str) -> str:
    """Return a text as a quoted value of YAML."""
    is_shown = all(char.isprintable() for char in text)
    if is_shown and ('"' in text or "\\" in text) and "'" not in text:
        return f"'{text}'"
    return _escape(text)


def yaml_block(text: str) -> tuple[str, list[str]] | None:
    r"""Return a text of several lines as a YAML block scalar: its mark, and its lines.

    The lines must be indented by two columns. None where it has no such form.

    >>> yaml_block("a\nb\n")
    ('|', ['a', 'b'])
    """
    if "\n" not in text or not all(char.isprintable() or char in "\n\t" for char in text):
        return None
    body = text.rstrip("\n")
    count = len(text) - len(body)
    if not body.strip():
        return None
    lines = body.split("\n") + [""] * (count - 1)
    depth = "2" if body[0].isspace() else ""
    return f"|{depth}{('-', '', '+')[min(count, 2)]}", lines


def _is_other(text: str) -> bool:
    return text in _NULLS or _YAML_OTHER.fullmatch(text) is not None


def _escape(text: str) -> str:
    """Return a basic string, which TOML and YAML read alike."""
    return f'"{"".join(_ESCAPES.get(char) or _escape_char(char) for char in text)}"'


def _escape_char(char: str) -> str:
    if char.isprintable():
        return char
    number = ord(char)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
