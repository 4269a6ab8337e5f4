"""What must hold of any text whatever: what a fuzzer runs, and what its finds are replayed with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Literal

from envc.diagnostics import Diagnostic, draw, to_json
from envc.errors import InputError
from envc.machine import Machine
from envc.mirror import MirrorMap
from envc.pipeline import check_file, convert, format_source, lint
from envc.source import Source

__all__ = ["Form", "try_text"]

Form = Literal["dsl", "yaml"]
_OTHER: dict[Form, Form] = {"dsl": "yaml", "yaml": "dsl"}
_SUFFIXES: dict[Form, str] = {"dsl": "envc", "yaml": "yaml"}
_BESIDE = {
    "base.envc": "environment base\npython 3.12\nparam cuda = none\nconda { numpy >=1 }\n",
    "part.yaml": "variables: {TZ: UTC}\npip: [rich ==14.*]\n",
}


def try_text(text: str, form: Form, folder: Path) -> None:
    """Check, lint, lay out and convert a text; it is a spec, or all that is wrong with it is drawn.

    Args:
        folder: One of its own: `base.envc` and `part.yaml`, which a text may name, are put there.

    Raises:
        Exception: Something does not hold. Whatever it is, it is a bug.
    """
    for name, content in _BESIDE.items():
        (folder / name).write_text(content)
    machine = Machine(environment={}, cache=folder / "cache", mirrors=MirrorMap(()))
    file = folder / f"spec.{_SUFFIXES[form]}"
    source = Source(name=str(file), text=text)
    is_right = _complains_well(lambda: check_file(source, machine))
    once: list[str] = []
    if _complains_well(lambda: once.append(format_source(source, machine))):
        laid_out = Source(name=source.name, text=once[0])
        assert format_source(laid_out, machine) == once[0], "laid out again, it changes again"
    if is_right:
        file.write_bytes(text.encode())
        convert(file, machine, _OTHER[form])
        lint(source, machine, date(2026, 1, 1))


def _complains_well(attempt: Callable[[], object]) -> bool:
    """Return whether an attempt succeeds; a failure must be diagnostics that can be shown."""
    try:
        attempt()
    except InputError as error:
        found = error.diagnostics
    else:
        return True
    assert found, "an error without a problem"
    assert draw(found).endswith("\n")
    for diagnostic in found:
        _check_places(diagnostic)
    return False


def _check_places(diagnostic: Diagnostic) -> None:
    to_json(diagnostic)
    assert diagnostic.message, "a problem without a message"
    for label in diagnostic.labels:
        span = label.span
        assert 0 <= span.start <= span.end <= len(span.source.text), f"{span} lies outside"
