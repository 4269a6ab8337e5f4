"""What a spec's steps do to the image, with the files that they bring in."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from envc.plan.context import ContextFile
from envc.plan.inputs import Inputs, Tree
from envc.source import Span
from envc.spec.model import CopyStep, EnvSpec
from envc.syntax.document import Document

__all__ = ["CopyAction", "RunAction", "StepAction", "step_actions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyAction:
    """Files that go into the image.

    Attributes:
        what: The step as a reader of the Dockerfile should see it.
        files: By their full path in the image, without its leading `/`; sorted.
    """

    what: str
    files: tuple[ContextFile, ...]
    origin: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAction:
    """A script that runs in the image."""

    script: str
    network: bool
    origin: Span | None = field(default=None, compare=False)


StepAction: TypeAlias = CopyAction | RunAction


def step_actions(
    spec: EnvSpec, document: Document, inputs: Inputs, workdir: str
) -> tuple[StepAction, ...]:
    """Return the spec's steps, in order."""
    actions: list[StepAction] = []
    for index, step in enumerate(spec.steps):
        origin = document.span(("steps", index))
        if step.copy_ is not None:
            files = _place(step.copy_, inputs.trees[step.copy_.source], workdir)
            what = f"copy {step.copy_.source} to {step.copy_.to}"
            actions.append(CopyAction(what=what, files=files, origin=origin))
        elif step.run is not None:
            script, network = step.run.command, step.run.network
            actions.append(RunAction(script=script, network=network, origin=origin))
    return tuple(actions)


def _place(step: CopyStep, tree: Tree, workdir: str) -> tuple[ContextFile, ...]:
    """Return a tree's files where Docker's COPY would put them."""
    to = posixpath.normpath(posixpath.join(workdir, step.to)).lstrip("/")
    if tree.is_folder or step.to.endswith("/") or step.to in {".", ".."}:
        placed = (replace(file, path=posixpath.join(to, file.path)) for file in tree.files)
    else:
        placed = (replace(file, path=to) for file in tree.files)
    return tuple(sorted(placed, key=lambda file: file.path))
