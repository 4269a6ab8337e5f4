"""The lines of a block of statements in; the statements out, a list with commas being one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from envc.syntax.form import Form, Listed, Values
from envc.syntax.reading import Reading
from envc.syntax.shape import Line, Statement, String

__all__ = ["group_lines"]


def group_lines(
    lines: Sequence[Line], words: Mapping[str, Form], reading: Reading
) -> list[Statement]:
    """Return a block's lines as statements.

    After a comma, a single item goes on with a list, known or not; and a string with one of phrases.
    """
    groups: list[list[Line]] = []
    for line in lines:
        if groups and _goes_on(groups[-1], line, words, reading):
            groups[-1].append(line)
        else:
            groups.append([line])
    return [Statement(lines=tuple(group)) for group in groups]


def _goes_on(
    above: Sequence[Line], line: Line, words: Mapping[str, Form], reading: Reading
) -> bool:
    word = reading.text(above[0].items[0])
    form = words.get(word)
    if line.block is not None or not reading.has_comma(above[-1], line):
        return False
    if isinstance(form, Listed):
        return isinstance(line.items[0], String)
    if isinstance(form, Values) and form.part and len(line.items) > 1:
        return reading.text(line.items[1]) == "secret"
    is_list = word not in words or isinstance(form, Values)
    return is_list and len(line.items) == 1
