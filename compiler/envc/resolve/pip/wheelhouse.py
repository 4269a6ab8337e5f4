"""pip-tools and what it needs, as wheels that every Python from 3.9 on can run: fetched once, verified."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from envc.diagnostics import Diagnostic
from envc.errors import ToolError
from envc.files import sha256_of, unwritable, write_if_changed
from envc.mark import temporary_folder
from envc.mirror import MirrorMap
from envc.resolve.base import IndexAccess
from envc.resolve.index.client import IndexClient
from envc.resolve.index.transport import Transport
from envc.resolve.index.wheel_file import distribution_of

__all__ = ["OLDEST_PYTHON", "WHEELS", "bring_tools"]

OLDEST_PYTHON = (3, 9)
"""The first series of Python that all of `WHEELS` run in."""

# Pure Python, and the last versions that know Python 3.9. pip-tools also requires setuptools and wheel,
# for what it builds; here it builds nothing.
WHEELS: Mapping[str, str] = {
    "build-1.4.4-py3-none-any.whl": (
        "8c3f48a6090b39edec1a273d2d57949aaf13723b01e02f9d518396887519f64d"
    ),
    "click-8.1.8-py3-none-any.whl": (
        "63c132bbbed01578a06712a2d1f497bb62d9c1c0d329b7903a866228027263b2"
    ),
    "importlib_metadata-8.7.1-py3-none-any.whl": (
        "5a1f80bf1daa489495071efbb095d75a634cf28a8bc299581244063b53176151"
    ),
    "packaging-26.3-py3-none-any.whl": (
        "d7193f7c8e4e93f444fde0262bf90af30e16fa0ad0ad44cb553c87339b23cd1c"
    ),
    "pip-26.0.1-py3-none-any.whl": (
        "bdb1b08f4274833d62c1aa29e20907365a2ceb950410df15fc9521bad440122b"
    ),
    "pip_tools-7.6.2-py3-none-any.whl": (
        "f37eb4b736859c2c30230e50977312c61918b7ef931071ff7811fd067715c25f"
    ),
    "pyproject_hooks-1.3.3-py3-none-any.whl": (
        "5fc53fdac9f7bd63fbcdc868fb5f90b4784d78a53a3d3388cd738b807441a20b"
    ),
    "tomli-2.5.0-py3-none-any.whl": (
        "32a7b79ac57a2e83670ce329ccf675798bc5a2094783a63676866b70503f2e2b"
    ),
    "typing_extensions-4.16.0-py3-none-any.whl": (
        "481caa481374e813c1b176ada14e97f1f67a4539ce9cfeb3f350d78d6370c2e8"
    ),
    "zipp-3.23.1-py3-none-any.whl": (
        "0b3596c50a5c700c9cb40ba8d86d9f2cc4807e9bedb06bcdf7fac85633e444dc"
    ),
}
"""Their SHA-256 by file name."""

_INDEX = IndexAccess(url="https://pypi.org/simple")


def bring_tools(
    cache: Path, environment: Mapping[str, str], mirrors: MirrorMap, *, retries: int = 2
) -> dict[str, bytes]:
    """Return the files of all wheels by their paths in `site-packages`; wheels are kept in the cache.

    Args:
        cache: A folder for them.
        environment: Names proxies and certificates.
        mirrors: That of PyPI is where they come from.
        retries: How often a failed connection is tried again.

    Raises:
        ToolError: PyPI, or its mirror, does not have them (E364), or fails (E335 to E337); or the
            cache cannot be written (E553).
    """
    transport = Transport(environment, retries=retries)
    client = IndexClient((_INDEX,), mirrors, transport, cache / "metadata")

    def bring(filename: str) -> Path:
        return _bring(filename, WHEELS[filename], cache / "wheels", client)

    with ThreadPoolExecutor(max_workers=len(WHEELS)) as pool:
        paths = list(pool.map(bring, sorted(WHEELS)))
    files: dict[str, bytes] = {}
    for path in paths:
        with zipfile.ZipFile(path) as wheel:
            files |= {name: wheel.read(name) for name in wheel.namelist() if name[-1] != "/"}
    return files


def _bring(filename: str, sha256: str, folder: Path, client: IndexClient) -> Path:
    kept = folder / sha256
    if kept.is_file() and sha256_of(kept) == sha256:
        return kept
    found = distribution_of(filename)
    assert found is not None, "WHEELS has names of wheels"  # noqa: S101
    project = client.project(found[0])
    file = (
        next((one for one in project.files if one.filename == filename), None) if project else None
    )
    if project is None or file is None:
        raise _refuse(filename, "is not there")
    with temporary_folder("wheel") as name:
        path = Path(name) / filename
        fetched = client.download(project, file, path)
        if fetched != sha256:
            raise _refuse(filename, f"has the SHA-256 {fetched}, not {sha256}")
        try:
            write_if_changed(kept, path.read_bytes())
        except OSError as error:
            raise unwritable(kept, error) from error
    return kept


def _refuse(filename: str, reason: str) -> ToolError:
    message = f"`{filename}` of `{_INDEX.url}`, which pip-tools needs in a base, {reason}"
    hint = "use `--pip-solver uv`, or name a mirror of PyPI that has it"
    return ToolError([Diagnostic(code="E364", message=message, hint=hint)])
