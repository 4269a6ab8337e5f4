"""Projects with a build backend of their own, which needs nothing but Python."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["project"]

# A wheel of one module, with metadata that only the backend knows where `static` is not asked for.
_BACKEND = """\
import hashlib, os, zipfile

NAME, VERSION, REQUIRES, MORE = {name!r}, {version!r}, {requires!r}, {more!r}

def get_requires_for_build_wheel(config_settings=None):
    return list(MORE)

def _info():
    return f"{{NAME}}-{{VERSION}}.dist-info"

def _metadata():
    lines = ["Metadata-Version: 2.1", f"Name: {{NAME}}", f"Version: {{VERSION}}"]
    return "\\n".join([*lines, *(f"Requires-Dist: {{one}}" for one in REQUIRES), ""])

def prepare_metadata_for_build_wheel(folder, config_settings=None):
    os.makedirs(os.path.join(folder, _info()))
    with open(os.path.join(folder, _info(), "METADATA"), "w") as file:
        file.write(_metadata())
    return _info()

def build_wheel(folder, config_settings=None, metadata_directory=None):
    text = f"EPOCH = {{os.environ['SOURCE_DATE_EPOCH']}}\\n"
    wheel = f"Wheel-Version: 1.0\\nGenerator: own\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    files = {{f"{{NAME}}.py": text, f"{{_info()}}/METADATA": _metadata(), f"{{_info()}}/WHEEL": wheel}}
    record = "".join(f"{{path}},,\\n" for path in (*files, f"{{_info()}}/RECORD"))
    filename = f"{{NAME}}-{{VERSION}}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, filename), "w") as archive:
        for path, content in (*files.items(), (f"{{_info()}}/RECORD", record)):
            archive.writestr(path, content)
    return filename
"""
_PYPROJECT = """\
[build-system]
requires = [{build}]
build-backend = "own"
backend-path = ["backend"]
"""


def project(
    name: str,
    version: str = "1.0",
    *,
    requires: tuple[str, ...] = (),
    build: tuple[str, ...] = (),
    more: tuple[str, ...] = (),
) -> Mapping[str, str]:
    """Return a project's files by path.

    Args:
        requires: What its wheel requires.
        build: What its `pyproject.toml` says that its backend requires.
        more: What its backend says besides.
    """
    quoted = ", ".join(f'"{one}"' for one in build)
    backend = _BACKEND.format(name=name, version=version, requires=requires, more=more)
    return {"backend/own.py": backend, "pyproject.toml": _PYPROJECT.format(build=quoted)}
