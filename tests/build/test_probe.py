"""An environment told by its own Python: as in an image, in a virtual environment of this machine."""

from __future__ import annotations

import json
import subprocess
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from envc.build.checks.run import probe_command
from support.elf import make_library

MODULE = "_ext.abi3.so"
BROKEN = make_library(needed=["libenvc-nosuch.so.1"])


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """A virtual environment with nothing in it."""
    folder = (tmp_path / "env").resolve()
    venv.create(folder, with_pip=False, symlinks=True)
    return folder


def install(prefix: Path, name: str, files: Mapping[str, str | bytes], *requires: str) -> None:
    """Put a distribution `name 1.0` into an environment."""
    [site] = prefix.glob("lib/python3.*/site-packages")
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    metadata += "".join(f"Requires-Dist: {text}\n" for text in requires)
    record = "".join(f"{path},,\n" for path in files)
    info = f"{name}-1.0.dist-info"
    for path, content in {**files, f"{info}/METADATA": metadata, f"{info}/RECORD": record}.items():
        place = site / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)


def tell(prefix: Path, *allowed: str) -> dict[str, Any]:
    asked = {"prefix": str(prefix), "allowed": list(allowed), "timeout_s": 60}
    command = probe_command(str(prefix / "bin/python"), asked)
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/")
    facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return facts


def libraries(prefix: Path, *allowed: str) -> list[tuple[str, str, str, str]]:
    return [
        (row["library"], Path(row["path"]).name, row["owner"], row["breaks"])
        for row in tell(prefix, *allowed)["libraries"]
    ]


def test_distributions_are_told_with_what_they_need(prefix: Path) -> None:
    install(prefix, "pets", {"pets/__init__.py": ""}, "six>=1", "tomli; python_version < '3'")
    install(prefix, "cats", {"cats.py": ""})

    facts = tell(prefix)

    assert facts["distributions"] == [
        {"name": "cats", "version": "1.0", "requires": []},
        {"name": "pets", "version": "1.0", "requires": ["six>=1", "tomli; python_version < '3'"]},
    ]
    assert facts["markers"]["sys_platform"] == "linux"
    assert facts["libraries"] == []


def test_a_library_that_an_import_misses_is_told_with_the_module(prefix: Path) -> None:
    files: dict[str, str | bytes] = {
        "pets/__init__.py": "from pets import _ext",
        f"pets/{MODULE}": BROKEN,
    }
    install(prefix, "pets", files)

    [row] = tell(prefix)["libraries"]

    assert (row["library"], row["owner"], row["breaks"]) == (
        "libenvc-nosuch.so.1", "pets 1.0", "pets",
    )  # fmt: skip
    assert row["says"].splitlines()[-1].startswith("ImportError: libenvc-nosuch.so.1: cannot open")


def test_a_library_that_no_import_misses_breaks_nothing(prefix: Path) -> None:
    install(prefix, "pets", {"pets/__init__.py": "", f"pets/gui/{MODULE}": BROKEN})

    assert libraries(prefix) == [("libenvc-nosuch.so.1", MODULE, "pets 1.0", "")]
    assert libraries(prefix, "libenvc-nosuch.so.1") == []


def test_files_beside_a_package_are_judged_by_their_owners_packages(prefix: Path) -> None:
    loads = "import ctypes, os; ctypes.CDLL(os.path.dirname(__file__) + '/../pets.libs/libx.so')"
    install(prefix, "pets", {"pets/__init__.py": loads, "pets.libs/libx.so": BROKEN})

    assert libraries(prefix) == [("libenvc-nosuch.so.1", "libx.so", "pets 1.0", "pets")]


def test_a_module_in_a_namespace_is_imported_itself(prefix: Path) -> None:
    install(prefix, "pets", {f"zoo/pets/{MODULE}": BROKEN})

    assert libraries(prefix) == [("libenvc-nosuch.so.1", MODULE, "pets 1.0", "zoo.pets._ext")]


def test_all_that_a_broken_file_lacks_is_told(prefix: Path) -> None:
    both = make_library(needed=["libenvc-a.so.1", "libenvc-b.so.1"])
    install(prefix, "pets", {"pets/__init__.py": "from pets import _ext", f"pets/{MODULE}": both})

    assert libraries(prefix) == [
        ("libenvc-a.so.1", MODULE, "pets 1.0", "pets"),
        ("libenvc-b.so.1", MODULE, "pets 1.0", "pets"),
    ]


def test_what_another_package_loads_first_is_no_matter(prefix: Path) -> None:
    install(prefix, "vendor", {"vendor/lib/libenvc-nosuch.so.1": make_library()})
    install(prefix, "pets", {"pets/__init__.py": "", f"pets/{MODULE}": BROKEN})

    assert libraries(prefix) == []


def test_what_is_there_and_not_found_by_an_import_is_told(prefix: Path) -> None:
    install(prefix, "vendor", {"vendor/lib/libenvc-nosuch.so.1": make_library()})
    install(prefix, "pets", {"pets/__init__.py": "from pets import _ext", f"pets/{MODULE}": BROKEN})

    assert libraries(prefix) == [("libenvc-nosuch.so.1", MODULE, "pets 1.0", "pets")]


def test_conda_packages_own_what_their_metadata_list(prefix: Path) -> None:
    (prefix / "lib/libpets.so").write_bytes(BROKEN)
    meta = prefix / "conda-meta/libpets-2.0-0.json"
    meta.parent.mkdir()
    meta.write_text(json.dumps({"name": "libpets", "version": "2.0", "files": ["lib/libpets.so"]}))

    assert libraries(prefix) == [("libenvc-nosuch.so.1", "libpets.so", "libpets 2.0", "")]


def test_what_fails_for_another_reason_is_not_blamed_on_the_library(prefix: Path) -> None:
    files: dict[str, str | bytes] = {
        "pets/__init__.py": "raise RuntimeError('no GPU')",
        f"pets/{MODULE}": BROKEN,
    }
    install(prefix, "pets", files)

    assert libraries(prefix) == [("libenvc-nosuch.so.1", MODULE, "pets 1.0", "")]


def test_what_the_environment_prints_is_not_taken_for_facts(prefix: Path) -> None:
    install(prefix, "noise", {"sitecustomize.py": "print('{}')\nimport atexit"})

    assert [one["name"] for one in tell(prefix)["distributions"]] == ["noise"]
