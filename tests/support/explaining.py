"""Where the examples of codes come from: cases of specs, commands that are run, or the file alone."""

from __future__ import annotations

from pathlib import Path

from envc import resources
from envc.explanation import Block, codes

__all__ = ["CASES", "EXAMPLES", "RUN", "SHOWN", "blocks_of", "path_of"]

CASES = tuple(Path(__file__).parents[1] / "cases" / kind for kind in ("errors", "lint"))


def path_of(code: str) -> Path:
    """Return the file about a code."""
    return resources.codes() / f"{code}.md"


def blocks_of(case: Path) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    """Return a case as an example: the files and the report, and the spec's right counterpart."""
    [spec], [right] = case.glob("spec.*"), case.glob("right.*")
    kind = spec.suffix.removeprefix(".")
    wrong = Block(kind=kind, name=spec.name, text=spec.read_text(encoding="utf-8"))
    report = Block(kind="text", text=(case / "stderr.txt").read_text(encoding="utf-8"))
    corrected = Block(kind=kind, name=spec.name, text=right.read_text(encoding="utf-8"))
    further = sorted(path for path in case.rglob("*.*") if path.suffix in _SPECS)
    others = tuple(
        Block(
            kind=path.suffix.removeprefix("."),
            name=path.relative_to(case).as_posix(),
            text=path.read_text(encoding="utf-8"),
        )
        for path in further
        if path not in {spec, right} and path.stem != "fixed"
    )
    return (wrong, *others, report), (corrected,)


_SPECS = frozenset({".envc", ".yaml"})


def _cases_by_code() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for right in sorted(path for cases in CASES for path in cases.glob("*/right.*")):
        found.setdefault(right.parent.name.partition("-")[0], right.parent)
    return found


def _has_commands(code: str) -> bool:
    return "\n```console\n" in path_of(code).read_text(encoding="utf-8")


EXAMPLES = _cases_by_code()
"""The case that is a code's example: the first one with a right counterpart."""

RUN = [code for code in codes() if code not in EXAMPLES and _has_commands(code)]
"""Codes whose example is commands, which tests run."""

SHOWN = [code for code in codes() if code not in EXAMPLES and not _has_commands(code)]
"""Codes whose example no test can cause without an engine, a registry or an index."""
