"""How uv is called: its program, its indexes and its environment, apart from the user's settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from envc.process import ProgramMissingError, run
from envc.resolve.base import PipRequest
from envc.resolve.index.transport import basic_auth
from envc.resolve.pip.uv_question import broken, own_environment, program
from envc.resolve.project.backend import BuildWheelsError, InstallBuildWheels

__all__ = ["build_installer", "child_environment", "index_arguments"]


def index_arguments(request: PipRequest) -> list[str]:
    """Return the indexes, the last one as uv's default: that is the one it asks last."""
    if not request.indexes:
        return ["--no-index"]
    named = [
        f"{_index_name(number)}={request.mirrors.to_mirror(index.url.rstrip('/'))}"
        for number, index in enumerate(request.indexes)
    ]
    first = [argument for one in named[:-1] for argument in ("--index", one)]
    return [*first, "--default-index", named[-1], "--index-strategy", "first-index"]


def child_environment(
    request: PipRequest, environment: Mapping[str, str], *, retries: int
) -> dict[str, str]:
    """Return uv's environment, but for its home.

    Credentials travel here and not in the arguments, which every user of the machine can read.
    """
    found = own_environment(environment, retries=retries)
    for number, index in enumerate(request.indexes):
        if auth := basic_auth(index):
            found[f"UV_INDEX_{_index_name(number).upper()}_USERNAME"] = auth[0]
            found[f"UV_INDEX_{_index_name(number).upper()}_PASSWORD"] = auth[1]
    return found


def build_installer(
    request: PipRequest, cache: Path, environment: Mapping[str, str], *, retries: int
) -> InstallBuildWheels:
    """Return what installs wheels from a request's indexes for a Python of this machine."""
    until = request.exclude_newer
    limits = ["--exclude-newer", until.text] if until is not None else []

    def install(python: Path, requires: Sequence[str]) -> None:
        if not requires:
            return
        command = [
            *(program(), "pip", "install", "--no-config", "--quiet", "--color", "never"),
            *("--no-progress", "--no-python-downloads", "--keyring-provider", "disabled"),
            *("--python", str(python), "--only-binary", ":all:"),
            *("--cache-dir", str(cache / "uv")),
            *index_arguments(request),
            *limits,
            *("--", *requires),
        ]
        home = python.parent.parent.parent
        own = child_environment(request, environment, retries=retries)
        try:
            done = run(command, environment={**own, "HOME": str(home)}, folder=home)
        except ProgramMissingError as error:
            raise broken("`uv` is not installed", "") from error
        if done.returncode:
            from envc.resolve.pip.conflict import redact

            raise BuildWheelsError(
                "what builds it cannot be installed", redact(done.stderr, request.indexes).strip()
            )

    return install


def _index_name(number: int) -> str:
    return f"index{number}"
