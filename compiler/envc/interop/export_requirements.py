"""A lock as a requirements.txt with hashes, which pip installs with `--require-hashes`."""

from __future__ import annotations

from collections.abc import Iterator

from envc.diagnostics import Diagnostic
from envc.interop.merging import Merged, merge_wheels
from envc.interop.subject import Exported, Subject, list_left_out, platform_marker
from envc.lock.package import PipPackage
from envc.platform import PLATFORMS

__all__ = ["export"]

_PYPI = "https://pypi.org/simple"


def export(subject: Subject) -> Exported:
    """Return the requirements of all chosen platforms, with markers where they differ.

    https://pip.pypa.io/en/stable/topics/secure-installs/#hash-checking-mode
    """
    lines = [
        f"# {subject.name}: written by envc from its lock.",
        f"# Install with: {_command(subject)}",
    ]
    indexes = [url for url in subject.lock.intent.indexes if url]
    lines += _list_indexes(indexes)
    folders = [source.path for lock in subject.locked.values() for source in lock.sources]
    for merged in merge_wheels(subject.locked):
        first = merged.wheels[0]
        if not first.is_commit and (first.path is None or first.path not in folders):
            lines += _write(merged, len(subject.platforms))
    return Exported(
        text="\n".join(lines) + "\n",
        warnings=(
            *list_left_out(subject, "requirements", conda=True),
            *_list_folders({path for path in folders if path is not None}),
            *_list_commits(subject),
        ),
    )


def _list_folders(paths: set[str]) -> Iterator[Diagnostic]:
    for path in sorted(paths):
        yield Diagnostic(
            code="W430",
            message=f"`requirements` has no place for the folder `{path}`: pip knows no hash of one",
            hint="export with `--format pylock`, or build a wheel of it and name its file",
        )


def _list_commits(subject: Subject) -> Iterator[Diagnostic]:
    found = {one.url: one for lock in subject.locked.values() for one in lock.distributions}
    for url, source in sorted((url, one) for url, one in found.items() if url and one.is_commit):
        yield Diagnostic(
            code="W430",
            message=f"`requirements` has no place for `{source.name} @ {url}`: pip knows no hash of "
            "a commit",
            hint="export with `--format pylock`, or build a wheel of it and name its file",
        )


def _command(subject: Subject) -> str:
    """Return how to install it: what Conda provides is not in the file, and pip is not to seek it."""
    has_conda = any(lock.conda for lock in subject.locked.values())
    return f"pip install --require-hashes{' --no-deps' if has_conda else ''} -r FILE"


def _list_indexes(indexes: list[str]) -> Iterator[str]:
    if indexes in ([], [_PYPI]):
        return
    yield f"--index-url {indexes[0]}"
    yield from (f"--extra-index-url {url}" for url in indexes[1:])


def _write(merged: Merged, platform_count: int) -> Iterator[str]:
    first, *others = (f"--hash=sha256:{wheel.sha256}" for wheel in merged.wheels)
    marker = ""
    if len(merged.platforms) < platform_count:
        names = [platform_marker(PLATFORMS[name]) for name in merged.platforms]
        marker = f" ; {' or '.join(names)}"
    what = f"{merged.name}=={merged.version}"
    if merged.index is None:
        what = _locate(merged.wheels[0])
    lines = [f"{what}{marker}", f"    {first}", *(f"    {other}" for other in others)]
    yield " \\\n".join(lines)


def _locate(wheel: PipPackage) -> str:
    if wheel.url is not None:
        return f"{wheel.name} @ {wheel.url}"
    return f"./{wheel.path}"
