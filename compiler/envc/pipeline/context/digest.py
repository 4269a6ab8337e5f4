"""The digests of what lies beside a spec: what a lock of it is compared with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from envc.pipeline.context.base import read_base, read_dockerfile
from envc.pipeline.context.source_folder import read_sources
from envc.pipeline.context.wheel import list_linked, read_linked, read_wheels
from envc.spec.defaults import dockerfile_path
from envc.spec.entry import system_entries
from envc.spec.model import EnvSpec
from envc.syntax.document import Document

__all__ = ["digest_local"]


def digest_local(
    spec: EnvSpec, document: Document, folder: Path, locked: Iterable[str]
) -> dict[str, str | None]:
    """Return the SHA-256 of what lies beside the spec by its path: its wheels and its source
    folders, and locked wheels of find-links; and that of the base's Dockerfile, with line feeds as
    its line ends, and of what that may copy where Debian packages depend on it, by the folder's path
    and `/`.

    Args:
        locked: Paths of locked wheels. One that is not there any more has None.

    Raises:
        InputError: As `read_wheels` and `read_sources`.
    """
    found: dict[str, str | None] = {
        wheel.path: wheel.sha256 for wheel in read_wheels(spec, document, folder)
    }
    found |= {one.path: one.sha256 for one in read_sources(spec, document, folder)}
    for path in list_linked(spec, locked):
        wheel = read_linked(folder, path)
        found[path] = wheel.sha256 if wheel is not None else None
    if (dockerfile := dockerfile_path(spec)) is not None:
        text = read_dockerfile(spec, document, folder).text
        found[dockerfile] = hashlib.sha256(text.encode()).hexdigest()
    if system_entries(document) and (base := read_base(spec, document, folder)) is not None:
        found[base.context_name] = base.context_sha256
    return found
