"""What must hold of any text whatever: what a fuzzer runs, and what its finds are replayed with."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

from envc.diagnostics import Diagnostic, draw, to_json
from envc.errors import InputError
from envc.machine import Machine
from envc.mirror import MirrorMap
from envc.pipeline import check, convert, format_source
from envc.source import Source

__all__ = ["Form", "try_text"]

Form = Literal["dsl", "yaml"]
_NAMES: dict[Form, str] = {"dsl": "spec.envc", "yaml": "spec.yaml"}
_OTHER: dict[Form, Form] = {"dsl": "yaml", "yaml": "dsl"}


def try_text(text: str, form: Form, cache: Path) -> None:
    """Check, lay out and convert a text; it is a spec, or all that is wrong with it can be drawn.

    Raises:
        Exception: Something does not hold. Whatever it is, it is a bug.
    """
    machine = Machine(environment={}, cache=cache, mirrors=MirrorMap(()))
    source = Source(name=_NAMES[form], text=text)
    is_right = _complains_well(lambda: check(source, machine))
    once: list[str] = []
    if _complains_well(lambda: once.append(format_source(source, machine))):
        laid_out = Source(name=source.name, text=once[0])
        assert format_source(laid_out, machine) == once[0], "laid out again, it changes again"
    if is_right:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / source.name
            file.write_bytes(text.encode())
            convert(file, machine, _OTHER[form])


def _complains_well(attempt: object) -> bool:
    """Return whether an attempt succeeds; a failure must be diagnostics that can be shown."""
    assert callable(attempt)
    try:
        attempt()
    except InputError as error:
        assert error.diagnostics, "an error without a problem"
        assert draw(error.diagnostics).endswith("\n")
        for diagnostic in error.diagnostics:
            _check_places(diagnostic)
        return False
    return True


def _check_places(diagnostic: Diagnostic) -> None:
    to_json(diagnostic)
    assert diagnostic.message, "a problem without a message"
    for label in diagnostic.labels:
        span = label.span
        assert 0 <= span.start <= span.end <= len(span.source.text), f"{span} lies outside"
