"""A document in; which files that it names are not beside the spec, out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from stat import S_ISDIR

from envc.diagnostics import Diagnostic
from envc.pipeline.context.reading import Folder, explain_file, explain_unreadable
from envc.source import Span
from envc.spec.path import is_dockerfile_text
from envc.syntax.document import Document
from envc.syntax.document import Path as Place

__all__ = ["find_missing"]


def find_missing(
    document: Document, folder: Path, told: Sequence[Diagnostic] = ()
) -> Iterator[Diagnostic]:
    """Yield an error for each file or folder that is named and that is not there (E155, E156).

    As `read_inputs`, at the cost of a look at each name: nothing is read. The document need not be
    that of a spec that is right.

    Args:
        folder: Where the spec lies.
        told: What is known to be wrong: names that it is about are not looked for.
    """
    spans = [problem.labels[0].span for problem in told if problem.labels]
    for place, meant in _list_places(document):
        path, span = document.data_at(place), document.span(place)
        if not isinstance(path, str) or any(_is_within(one, span) for one in spans):
            continue
        try:
            status = (folder / path).stat(follow_symlinks=meant is not None)
        except (FileNotFoundError, NotADirectoryError) as error:
            yield explain_unreadable(error, folder, path, span)
        except (OSError, ValueError):
            continue
        else:
            if meant is not None and not S_ISDIR(status.st_mode):
                yield explain_file(path, span, meant)


def _list_places(document: Document) -> Iterator[tuple[Place, Folder | None]]:
    """Yield where a path may stand, and the folder that it has to be; None where a file will do."""
    for key in ("before-packages", "steps"):
        for number in range(_count(document, (key,))):
            yield (key, number, "copy", "from"), None
    for key, part, meant in (("wheels", "wheel", None), ("sources", "source", Folder.SOURCE)):
        for number in range(_count(document, ("pip", key))):
            entry = ("pip", key, number)
            is_short = isinstance(document.data_at(entry), str)
            yield entry if is_short else (*entry, part), meant
    dockerfile = document.data_at(("base", "dockerfile"))
    if isinstance(dockerfile, str):
        if not is_dockerfile_text(dockerfile):
            yield ("base", "dockerfile"), None
        yield ("base", "context"), Folder.CONTEXT


def _count(document: Document, place: Place) -> int:
    entries = document.data_at(place)
    return len(entries) if isinstance(entries, list) else 0


def _is_within(one: Span, other: Span) -> bool:
    is_same = one.source.name == other.source.name
    return is_same and other.start <= one.start and one.end <= other.end
