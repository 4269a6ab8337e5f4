"""Whether a builder can run what a build has to run on another platform: asked before it begins."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence

from envc.diagnostics import Diagnostic, Label
from envc.dockerfile.place import BUILDER
from envc.engine.buildx import buildx_command
from envc.errors import ToolError
from envc.plan.foreign import runs_on
from envc.plan.instruction import BuildPlan, Run
from envc.process import ProgramMissingError, run
from envc.source import Span

__all__ = ["builder_platforms", "refuse_foreign"]

_TIMEOUT_S = 60
_HINT = (
    "let the engine emulate it: `docker run --privileged --rm tonistiigi/binfmt --install all`; "
    "or build on a machine of that platform, which `--builder` may name"
)
_OURS = {
    "system.sh": "Debian packages, which the base's own dpkg installs",
    "user.sh": "the account that the image runs as, in an image without an environment",
    "id": "a look at the base's own account",
    "outline.sh": "a look at the base that the environment lies on",
    "bytecode.py": "byte code, which the tools' Python cannot make: it is of another series than the "
    "environment's (`envc lock --tools-image REF` takes another one)",
    "build.py": "what is built from its source",
}
"""What steps of envc's own are for, by the program that they run."""


def refuse_foreign(
    plan: BuildPlan,
    platforms: Sequence[str],
    *,
    own: str,
    ask: Callable[[], frozenset[str]],
) -> None:
    """Refuse platforms for which something has to run that the builder cannot run.

    Args:
        platforms: Those that are built now.
        own: What the engine runs natively.
        ask: Asks the builder for all platforms that it runs, emulated or not; nothing where it does
            not tell. It is asked only where that matters.

    Raises:
        ToolError: It cannot run one of them (E607).
    """
    wanted = _list_foreign(plan, platforms, own)
    if not wanted:
        return
    able = ask()
    missing = {platform: runs for platform, runs in wanted.items() if platform not in able}
    if able and missing:
        raise ToolError(_explain(platform, runs) for platform, runs in missing.items())


def _list_foreign(
    plan: BuildPlan, platforms: Sequence[str], own: str
) -> dict[str, list[Run | Span]]:
    """Return what has to run on other platforms than the engine's own, by these: programs of the plan,
    and steps of the base's Dockerfile."""
    found: dict[str, list[Run | Span]] = {}
    for platform in platforms:
        steps = plan.preamble.needs.runs.get(platform, ()) if plan.preamble is not None else ()
        for place, span in steps:
            if place not in {BUILDER, own}:
                found.setdefault(place, []).append(span)
        if platform != own and (runs := runs_on(plan, platform, builder=own)):
            found.setdefault(platform, []).extend(runs)
    return found


def builder_platforms(builder: str | None, environment: Mapping[str, str]) -> frozenset[str]:
    """Return the platforms that a builder of buildx runs, on any of its nodes.

    Args:
        builder: Its name; None is the one that is in use.

    Returns:
        Docker's names, without variants; empty where it does not tell, since it has not started or is
        not there, which the build itself says better.
    """
    command = [*buildx_command(environment), "inspect"]
    command += [builder] if builder is not None else []
    try:
        asked = run(command, environment=environment, timeout_s=_TIMEOUT_S)
    except (ProgramMissingError, TimeoutError):
        return frozenset()
    lines = re.findall(r"^Platforms:[ \t]+(\S.*)$", asked.stdout, re.MULTILINE)
    return frozenset(name.strip().rstrip("*") for line in lines for name in line.split(","))


def _explain(platform: str, runs: Sequence[Run | Span]) -> Diagnostic:
    spans: list[Span] = []
    notes: list[str] = []
    for one in runs:
        if isinstance(one, Span):
            spans.append(one)
        elif one.origin is not None:
            spans.append(one.origin)
        else:
            notes.append(_describe(one))
    labels = tuple(Label(span=span) for span in dict.fromkeys(spans))
    return Diagnostic(
        code="E607",
        message=f"the builder cannot run programs for `{platform}`, and this image needs some to run",
        labels=labels,
        notes=tuple(f"what runs: {note}" for note in dict.fromkeys(notes)),
        hint=_HINT,
    )


def _describe(one: Run) -> str:
    said = shlex.join(one.words)
    return next((what for name, what in _OURS.items() if name in re.split(r"[ /']+", said)), said)
