"""What each diagnostic's code means, with a wrong and a right example: `codes/CODE.md`, a file each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from envc import resources
from envc.diagnostics import Diagnostic, suggest
from envc.errors import UsageError
from envc.frozen import frozen

__all__ = ["Block", "Explanation", "codes", "explain", "is_code", "page", "parse", "write"]

_HEAD = """\
# Diagnostics

Every problem that envc reports has a code. Errors end the verb; warnings (`W…`) do not.
`envc explain E233` prints what is said here of one of them, `envc explain --codes` lists all.

<!-- Made of compiler/envc/codes/ by `pytest tests/test_explanations.py --update-golden`; edit those. -->
"""
_TITLE = re.compile(r"# ([EW][0-9]{3}): (.+)")
_NAME = re.compile(r"`(.+)`:")
_FENCE = re.compile(r"(`{3,})(\w*)")
_WRONG, _RIGHT = "## Wrong", "## Right"


@frozen
class Block:
    """A part of an example.

    Attributes:
        kind: `envc` or `yaml` for a spec, another language for another file, `console` for commands
            after a `$ ` with what they print, `text` for anything else.
        name: The file that it is; empty where it is none.
        text: Lines, each with its end.
    """

    kind: str
    text: str
    name: str = ""


@frozen
class Explanation:
    """What there is to say about a code.

    Attributes:
        code: Such as `E233`.
        meaning: What is wrong, in lower case, without a full stop.
        advice: What to do, likewise.
        wrong: What causes it, and how it is reported; the report is in the last block.
        right: The smallest correction.
    """

    code: str
    meaning: str
    advice: str
    wrong: tuple[Block, ...]
    right: tuple[Block, ...]


def is_code(word: str) -> bool:
    """Return whether a word is meant as a code, in small letters too; there may be no such code."""
    return re.fullmatch(r"[EWew][0-9]+", word) is not None


def codes() -> tuple[str, ...]:
    """Return all codes, sorted."""
    return tuple(sorted(path.stem for path in resources.codes().glob("*.md")))


def explain(code: str) -> Explanation:
    """Return what there is to say about a code.

    Raises:
        UsageError: There is no such code (E172).
    """
    known = codes()
    if code.upper() not in known:
        number = code[1:]
        meant = next((one for one in known if one[1:] == number), "") or suggest(code, known)
        hint = f"did you mean `{meant}`?" if meant else "`envc explain --codes` lists the codes"
        message = f"there is no diagnostic `{code}`"
        raise UsageError([Diagnostic(code="E172", message=message, hint=hint)])
    return parse(_path(code.upper()).read_text(encoding="utf-8"))


def page(known: Iterable[Explanation]) -> str:
    """Return the page of all codes, in Markdown: a table, then a section for each."""
    known = tuple(known)
    rows = [
        f"| [{one.code}](#{one.code.lower()}) | {one.meaning} | {one.advice} |\n" for one in known
    ]
    table = "| code | what it means | what to do |\n| --- | --- | --- |\n" + "".join(rows)
    return "\n".join((_HEAD, table, *(_section(one) for one in known)))


def parse(text: str) -> Explanation:
    """Read the text of a code's file.

    Raises:
        ValueError: It has another form than `write` gives it; the message says where.
    """
    title, _, advice, _, *rest = [*text.split("\n"), "", "", ""]
    heading = _TITLE.fullmatch(title)
    if not heading or not advice or _WRONG not in rest or _RIGHT not in rest:
        raise ValueError(
            "expected `# CODE: MEANING`, what to do, `## Wrong` and `## Right`, "
            "with an empty line between them"
        )
    middle = rest.index(_RIGHT)
    explanation = Explanation(
        code=heading[1],
        meaning=heading[2],
        advice=advice,
        wrong=tuple(_read_blocks(rest[rest.index(_WRONG) + 1 : middle])),
        right=tuple(_read_blocks(rest[middle + 1 :])),
    )
    if write(explanation) != text:
        raise ValueError("something stands where nothing belongs, or empty lines are missing")
    return explanation


def write(explanation: Explanation) -> str:
    """Return the text of a code's file, the only one that `parse` takes."""
    parts = [
        f"# {explanation.code}: {explanation.meaning}\n",
        f"{explanation.advice}\n",
        f"{_WRONG}\n",
        *_write_blocks(explanation.wrong),
        f"{_RIGHT}\n",
        *_write_blocks(explanation.right),
    ]
    return "\n".join(parts)


def _path(code: str) -> Path:
    return resources.codes() / f"{code}.md"


def _section(explanation: Explanation) -> str:
    parts = [
        f"## {explanation.code}\n",
        f"**{explanation.meaning}**\n",
        f"What to do: {explanation.advice}.\n",
        "Wrong:\n",
        *_write_blocks(explanation.wrong),
        "Right:\n",
        *_write_blocks(explanation.right),
    ]
    return "\n".join(parts)


def _write_blocks(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        if block.name:
            yield f"`{block.name}`:\n"
        fence = "```" if "```" not in block.text else "````"
        yield f"{fence}{block.kind}\n{block.text}{fence}\n"


def _read_blocks(lines: Sequence[str]) -> Iterator[Block]:
    rest, name = list(lines), ""
    while rest:
        line = rest.pop(0)
        if named := _NAME.fullmatch(line):
            name = named[1]
        elif opening := _FENCE.fullmatch(line):
            if opening[1] not in rest:
                raise ValueError(f"`{line}` is never closed")
            end = rest.index(opening[1])
            text = "".join(f"{row}\n" for row in rest[:end])
            yield Block(kind=opening[2], name=name, text=text)
            rest, name = rest[end + 1 :], ""
