"""What a spec's steps do to the image, with the files that they bring in."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import field, replace
from typing import TypeAlias

from envc.frozen import frozen
from envc.plan.context import ContextFile
from envc.plan.inputs import Inputs, Selection, Tree
from envc.source import Span
from envc.spec.copying import mode_text
from envc.spec.model import CopyStep, RunStep, Step
from envc.syntax.document import Document

__all__ = ["CopyAction", "RunAction", "StepAction", "step_actions"]


@frozen
class CopyAction:
    """Files that go into the image.

    Attributes:
        what: The step as a reader of the Dockerfile should see it.
        files: By their full path in the image, without its leading `/`; sorted.
        place: What is copied, by its full path in the same form; `.` is the image's root.
        owner: `UID:GID`, or a name that is looked up in the image; None is root.
        mode: Four octal digits; None is 0644, and 0755 for what its owner may execute.
        number: Which of the spec's steps it is, from 1.
    """

    what: str
    files: tuple[ContextFile, ...]
    place: str
    owner: str | None = None
    mode: str | None = None
    number: int = field(default=0, compare=False)
    origin: Span | None = field(default=None, compare=False)


@frozen
class RunAction:
    """A script that runs in the image.

    Attributes:
        variables: Set for it on top of the image's, sorted by name.
        number: Which of the spec's steps it is, from 1.
    """

    script: str
    network: bool
    variables: tuple[tuple[str, str], ...] = ()
    number: int = field(default=0, compare=False)
    origin: Span | None = field(default=None, compare=False)


StepAction: TypeAlias = CopyAction | RunAction


def step_actions(
    steps: Sequence[Step],
    key: str,
    document: Document,
    inputs: Inputs,
    *,
    platform: str,
    workdir: str,
    variables: tuple[tuple[str, str], ...],
) -> tuple[StepAction, ...]:
    """Return what steps do on a platform, in order.

    Args:
        steps: For whatever platforms.
        key: The spec's key that has them.
        workdir: What a copy's target is relative to.
        variables: Set for scripts on top of the image's, sorted by name.
    """
    actions: list[StepAction] = []
    for number, step in enumerate(steps, start=1):
        if step.on not in {None, platform}:
            continue
        origin = document.span((key, number - 1))
        if step.copy_ is not None:
            tree = inputs.trees[Selection.of(step.copy_)]
            copy = _copy(step.copy_, tree, workdir)
            actions.append(replace(copy, number=number, origin=origin))
        elif step.run is not None:
            run = _run(step.run, variables)
            actions.append(replace(run, number=number, origin=origin))
    return tuple(actions)


def _run(step: RunStep, variables: tuple[tuple[str, str], ...]) -> RunAction:
    return RunAction(script=step.command, network=step.network, variables=variables)


def _copy(step: CopyStep, tree: Tree, workdir: str) -> CopyAction:
    """Return a tree's files where Docker's COPY would put them."""
    to = posixpath.normpath(posixpath.join(workdir, step.to)).lstrip("/")
    if tree.is_folder:
        place = to or "."
        files = [replace(file, path=posixpath.join(to, file.path)) for file in tree.files]
    else:
        (file,) = tree.files
        is_folder = step.to.endswith("/") or step.to in {".", ".."}
        place = posixpath.join(to, file.path) if is_folder else to
        files = [replace(file, path=place)]
    options = (("owner", step.owner), ("mode", step.mode))
    said = [f"{name} {value}" for name, value in options if value is not None]
    return CopyAction(
        what=" ".join((f"copy {step.source} to {step.to}", *said)),
        files=tuple(sorted(files, key=lambda file: file.path)),
        place=place,
        owner=_normal_owner(step.owner) if step.owner is not None else None,
        mode=mode_text(step.mode) if step.mode is not None else None,
    )


def _normal_owner(owner: str) -> str:
    """Return an owner in the one form for what it means: a lone number is the group's too.

    >>> _normal_owner("1000"), _normal_owner("01:2"), _normal_owner("pets")
    ('1000:1000', '1:2', 'pets')
    """
    user, _, group = owner.partition(":")
    if not user.isdigit() or (group and not group.isdigit()):
        return owner
    return f"{int(user)}:{int(group or user)}"
