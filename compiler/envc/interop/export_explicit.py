"""A lock as an explicit list of Conda packages, which conda and mamba install without solving."""

from __future__ import annotations

from envc.interop.subject import Exported, Subject, in_order, list_left_out

__all__ = ["export"]


def export(subject: Subject) -> Exported:
    """Return an `@EXPLICIT` file: an address and its SHA-256 a line.

    Each package comes after what it depends on, since not every reader sorts them. The hash has the
    form of https://conda.org/learn/ceps/cep-0023, which conda reads since 24.
    """
    platform, lock = subject.only
    head = (
        "# This file may be used to create an environment using:",
        "# $ conda create --name <env> --file <this file>",
        f"# platform: {platform.subdir}",
        "@EXPLICIT",
    )
    lines = (f"{package.url}#sha256:{package.sha256}" for package in in_order(lock.conda))
    return Exported(
        text="\n".join([*head, *lines]) + "\n",
        warnings=list_left_out(subject, "explicit", pip=True),
    )
