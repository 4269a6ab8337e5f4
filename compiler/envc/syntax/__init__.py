"""Two front ends, one waist: a spec's text, in either form, becomes a Document."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envc.source import Source
    from envc.syntax.document import Document, Draft

__all__ = ["parse", "read"]


def parse(source: Source, *, cache: Path | None = None) -> Document:
    """Read a spec whose syntax is right: YAML where its name ends in `.yaml` or `.yml`, else the DSL.

    Args:
        source: The text, and the name that chooses the form.
        cache: A folder of the user's own where the DSL's parser tables are kept (they are read by
            pickle), which saves some 30 ms a process; None keeps nothing.

    Raises:
        InputError: E1xx: everything that is wrong with the syntax, in the order of the places.
    """
    from envc.errors import InputError

    draft = read(source, cache=cache)
    if draft.problems:
        raise InputError(draft.problems)
    return draft.document


def read(source: Source, *, cache: Path | None = None) -> Draft:
    """Read what can be read of a spec, so that its meaning can be checked beside its syntax.

    Args:
        source: As for `parse`.
        cache: As for `parse`.

    Raises:
        InputError: The text is no spec in any form (E106, E110, E122): there is nothing to check.
    """
    from envc.syntax.text import with_text_problems

    if source.name.lower().endswith((".yaml", ".yml")):
        from envc.syntax.yaml_source import read as read_yaml

        return with_text_problems(source, read_yaml)

    def read_dsl(source: Source) -> Draft:
        from envc.syntax.dsl import read

        return read(source, cache=cache)

    return with_text_problems(source, read_dsl)
