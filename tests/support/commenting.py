"""Comments at random places of a spec, each with a number, so that none can be lost unseen."""

from __future__ import annotations

import re

import yaml
from hypothesis import strategies as st

from envc.source import Source
from envc.syntax import Form
from envc.syntax.grammar import load_parser
from support.printing import Draw

__all__ = ["comment", "marks_in", "source_of"]

_MARK = re.compile(r"# c[0-9]+\b")


def source_of(text: str, form: Form) -> Source:
    """Return a spec whose name says its form."""
    return Source(name="spec.yaml" if form == "yaml" else "spec.envc", text=text)


def marks_in(text: str) -> list[str]:
    """Return the comments that `comment` put into a spec, sorted."""
    return sorted(_MARK.findall(text))


def _line_ends(text: str, form: Form) -> list[int]:
    """Return where the lines end that are not in the middle of a text."""
    if form == "dsl":
        tokens = [token for token in load_parser().lex(text) if token.type == "_NEWLINE"]
        return [token.start_pos or 0 for token in tokens]
    inside = {
        place
        for token in yaml.scan(text)
        if isinstance(token, yaml.ScalarToken)
        for place in range(token.start_mark.index, token.end_mark.index - 1)
    }
    ends = [match.start() for match in re.finditer("\n", text)]
    return [end for end in ends if end not in inside and text[end - 1 : end] not in "|-+>"]


def comment(text: str, form: Form, draw: Draw) -> tuple[str, list[str]]:
    """Return a spec with comments and blank lines at random places, and the comments."""
    ends = _line_ends(text, form)
    places = draw(st.lists(st.sampled_from(ends), unique=True, max_size=4)) if ends else []
    marks: list[str] = []
    for place in sorted(places, reverse=True):
        marks.append(f"# c{len(marks)}")
        way = draw(
            st.sampled_from(
                [
                    "  {}",
                    "\n{}",
                    "\n\n   {}\n",
                    "\n\n\n{}\n\n",
                    " {}\n\t" if form == "dsl" else " {}",
                ]
            )
        )
        text = text[:place] + way.format(marks[-1]) + text[place:]
    return text, sorted(marks)
