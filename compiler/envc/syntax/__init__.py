"""Two front ends, one waist: a spec's text, in either form, becomes a Document."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envc.source import Source
    from envc.syntax.document import Document

__all__ = ["parse"]


def parse(source: Source, *, cache: Path | None = None) -> Document:
    """Read a spec: YAML where its name ends in `.yaml` or `.yml`, else the DSL.

    Args:
        source: The text, and the name that chooses the form.
        cache: A folder of the user's own where the DSL's parser tables are kept (they are read by
            pickle), which saves some 30 ms a process; None keeps nothing.

    Raises:
        InputError: E1xx: everything that is wrong with the syntax, in the order of the places.
    """
    from envc.syntax.builder import check_text

    check_text(source)
    if source.name.lower().endswith((".yaml", ".yml")):
        from envc.syntax.yaml_source import parse as parse_yaml

        return parse_yaml(source)
    from envc.syntax.dsl import parse as parse_dsl

    return parse_dsl(source, cache=cache)
