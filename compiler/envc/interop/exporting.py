"""The formats that a lock can be exported to, by name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from envc.frozen import frozen

if TYPE_CHECKING:
    from envc.interop.subject import Exported, Subject

__all__ = ["EXPORTS", "ExportFormat"]


@frozen
class ExportFormat:
    """A format to export to.

    Attributes:
        summary: What the help says of it.
        module: The module of this package whose `export` does it; loaded when it is needed.
        has_one_platform: Whether a file of it is about one platform only.
    """

    summary: str
    module: str
    has_one_platform: bool

    def load(self) -> Callable[[Subject], Exported]:
        """Return what does it."""
        found: Callable[[Subject], Exported] = import_module(self.module).export
        return found


EXPORTS = {
    "conda-lock": ExportFormat(
        summary="conda-lock.yml",
        module="envc.interop.export_conda_lock",
        has_one_platform=False,
    ),
    "pylock": ExportFormat(
        summary="pylock.toml (PEP 751)",
        module="envc.interop.export_pylock",
        has_one_platform=False,
    ),
    "requirements": ExportFormat(
        summary="requirements.txt with hashes",
        module="envc.interop.export_requirements",
        has_one_platform=False,
    ),
    "explicit": ExportFormat(
        summary="an @EXPLICIT list of Conda packages",
        module="envc.interop.export_explicit",
        has_one_platform=True,
    ),
    "environment": ExportFormat(
        summary="environment.yml, all pinned",
        module="envc.interop.export_environment",
        has_one_platform=True,
    ),
    "cyclonedx": ExportFormat(
        summary="a CycloneDX 1.6 SBOM",
        module="envc.interop.export_cyclonedx",
        has_one_platform=True,
    ),
    "spdx": ExportFormat(
        summary="an SPDX 2.3 SBOM",
        module="envc.interop.export_spdx",
        has_one_platform=True,
    ),
}
