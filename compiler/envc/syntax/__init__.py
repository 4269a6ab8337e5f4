"""Two front ends, one waist: a spec's text, in either form, becomes a Document."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from envc.source import Source
    from envc.syntax.document import Document, Draft
    from envc.syntax.layout import Comment

__all__ = ["Form", "find_comments", "form_of", "parse", "read"]

Form: TypeAlias = Literal["dsl", "yaml"]


def form_of(name: str) -> Form:
    """Return the form of a spec by its name: YAML for `.yaml` and `.yml`, else the DSL.

    >>> form_of("pets.yaml"), form_of("<stdin>")
    ('yaml', 'dsl')
    """
    return "yaml" if name.lower().endswith((".yaml", ".yml")) else "dsl"


def parse(source: Source, *, cache: Path | None = None, form: Form | None = None) -> Document:
    """Read a spec whose syntax is right.

    Args:
        source: The text, and the name that chooses the form.
        cache: A folder of the user's own where the DSL's parser tables are kept (they are read by
            pickle), which saves some 30 ms a process; None keeps nothing.
        form: The form, where the name does not tell.

    Raises:
        InputError: E1xx: everything that is wrong with the syntax, in the order of the places.
    """
    from envc.errors import InputError

    draft = read(source, cache=cache, form=form)
    if draft.problems:
        raise InputError(draft.problems)
    return draft.document


def read(source: Source, *, cache: Path | None = None, form: Form | None = None) -> Draft:
    """Read what can be read of a spec, so that its meaning can be checked beside its syntax.

    Args:
        source: As for `parse`.
        cache: As for `parse`.
        form: As for `parse`.

    Raises:
        InputError: The text is no spec in any form (E106, E110, E122): there is nothing to check.
    """
    from envc.syntax.text import with_text_problems

    if (form or form_of(source.name)) == "yaml":
        from envc.syntax.yaml_source import read as read_yaml

        return with_text_problems(source, read_yaml)

    def read_dsl(source: Source) -> Draft:
        from envc.syntax.dsl import read

        return read(source, cache=cache)

    return with_text_problems(source, read_dsl)


def find_comments(
    source: Source, *, cache: Path | None = None, form: Form | None = None
) -> tuple[Comment, ...]:
    """Return the comments of a spec whose syntax is right, in their order.

    Args:
        source: As for `parse`.
        cache: As for `parse`.
        form: As for `parse`.
    """
    if (form or form_of(source.name)) == "yaml":
        from envc.syntax import format_yaml

        return format_yaml.find_comments(source)
    from envc.syntax import format_dsl

    return format_dsl.find_comments(source, cache=cache)
