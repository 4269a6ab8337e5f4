"""`assemble.py`, which a build runs: what it makes of a base that it only reads, and of layers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[2] / "templates" / "scripts"
ENV = "tree/opt/env"
# The script's folders are moved below one of the test's.
RUN = """
import os, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import layer
root = sys.argv[2]
layer.TREE, layer.PREFIX = Path(root, "tree"), Path(root, "tree/opt/env")
os.chown = lambda path, uid, gid: None
import base
base.SYSTEM = Path(root, "system")
import assemble
assemble.FACTS, assemble.LAYERS = Path(root, "facts.json"), Path(root, "layers")
assemble.SKELETON = Path(root, "skeleton")
assemble.main()
"""
PYTHON = {"interpreter": None, "series": "3.11", "version": "3.11.2"}


@dataclass
class Assembly:
    """A base and layers in a folder, and what the script makes of them."""

    root: Path

    def write(self, path: str, content: str | bytes = "", mode: int = 0o644) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
        place.chmod(mode)

    def link(self, path: str, target: str) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)

    def layer(
        self,
        name: str,
        packages: Mapping[str, Mapping[str, str]],
        clashes: Mapping[str, list[str]] | None = None,
    ) -> None:
        """Write a layer: its packages' files with their content."""
        for files in packages.values():
            for path, content in files.items():
                self.write(f"layers/{name}/{ENV}/{path}", content)
        own = {package: sorted(files) for package, files in packages.items()}
        listing = {"packages": own, "clashes": clashes or {}}
        self.write(f"layers/{name}/files.json", json.dumps(listing))

    def python(self, version: str = "3.11.2") -> None:
        """Give the base a Python, whose program is another machine's."""
        self.write("system/usr/bin/python3.11", b"\x7fELF \0%s\0" % version.encode(), mode=0o755)
        self.link("system/usr/bin/python3", "python3.11")
        self.write("system/usr/lib/python3.11/os.py")

    def run(self, *, exit_code: int = 0, **facts: Any) -> list[dict[str, Any]]:
        """Run the script and return what it tells."""
        layers = self.root / "layers"
        given: dict[str, Any] = {
            "has_conda": False,
            "layers": sorted(os.listdir(layers)) if layers.is_dir() else [],  # noqa: PTH208
            "python": None,
            "user": None,
        }
        self.write("facts.json", json.dumps({**given, **facts}))
        for name in ("activate", "activate.csh", "activate.fish"):
            self.write(f"skeleton/bin/{name}")
        command = [sys.executable, "-B", "-c", RUN, str(SCRIPTS), str(self.root)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == exit_code, done.stderr
        return [json.loads(line.partition(" ")[2]) for line in done.stdout.splitlines()]

    def refused(self, **facts: Any) -> str:
        (told,) = self.run(exit_code=1, **facts)
        return str(told["problem"])

    def read(self, path: str) -> str:
        return (self.root / "tree" / path).read_text()


@pytest.fixture
def assembly(tmp_path: Path) -> Assembly:
    (tmp_path / "system").mkdir()
    (tmp_path / "layers").mkdir()
    return Assembly(root=tmp_path)


def test_a_virtual_environment_is_made_for_a_python_that_is_not_run(assembly: Assembly) -> None:
    assembly.python()

    assembly.run(python=PYTHON)

    prefix = assembly.root / "tree/opt/env"
    assert {name: str((prefix / name).readlink()) for name in ("bin/python", "bin/python3")} == {
        "bin/python": "/usr/bin/python3",
        "bin/python3": "python",
    }
    assert str((prefix / "lib64").readlink()) == "lib"
    assert (prefix / "lib/python3.11/site-packages").is_dir()
    assert assembly.read("opt/env/pyvenv.cfg").splitlines()[0] == "home = /usr/bin"


def test_a_python_behind_links_is_found_as_the_base_would_find_it(assembly: Assembly) -> None:
    assembly.write("system/opt/py/bin/python3.11", b"\0 3.11.2\0", mode=0o755)
    assembly.write("system/opt/py/lib/python3.11/os.py")
    assembly.link("system/usr/local/bin", "/opt/tools")
    assembly.link("system/opt/tools/python3", "../py/bin/python3.11")

    assembly.run(python=PYTHON)

    assert assembly.read("opt/env/pyvenv.cfg").splitlines()[0] == "home = /opt/py/bin"
    link = assembly.root / "tree/opt/env/bin/python"
    assert str(link.readlink()) == "/usr/local/bin/python3"


@pytest.mark.parametrize(
    ("version", "wanted", "problem"),
    [
        ("3.11.2", "3.11", None),
        ("3.11.2", "3.11.2", None),
        ("3.11.2", "3.11.20", "the base has Python 3.11.2, but the lock says 3.11.20"),
        ("3.11.20", "3.11.2", "the base has Python 3.11.20, but the lock says 3.11.2"),
    ],
)
def test_the_version_of_the_bases_python_is_verified(
    assembly: Assembly, version: str, wanted: str, problem: str | None
) -> None:
    assembly.python(version)

    python = {**PYTHON, "version": wanted}
    if problem is None:
        assembly.run(python=python)
    else:
        assert assembly.refused(python=python) == problem


@pytest.mark.parametrize("folder", ["lib", "lib64", "lib/aarch64-linux-gnu"])
def test_the_version_is_that_of_the_library_where_the_program_has_none(
    assembly: Assembly, folder: str
) -> None:
    assembly.python()
    assembly.write("system/usr/bin/python3.11", b"\x7fELF", mode=0o755)
    assembly.write(f"system/usr/{folder}/libpython3.11.so.1.0", b"\0%s\0" % b"3.11.9")

    assert assembly.refused(python=PYTHON) == "the base has Python 3.11.9, but the lock says 3.11.2"


def test_a_base_without_the_python_of_the_lock_is_refused(assembly: Assembly) -> None:
    missing = assembly.refused(python=PYTHON)
    assembly.python()
    other = assembly.refused(python={**PYTHON, "series": "3.12", "version": "3.12.1"})

    assert missing == "the base has no `python3` where programs usually are"
    assert other == "the base's `/usr/bin/python3` is not Python 3.12.1, as the lock says"


def test_a_user_by_name_must_be_there(assembly: Assembly) -> None:
    assembly.write("system/etc/passwd", "ada:x:1:1::/:/bin/sh\n")

    assembly.run(user="ada")
    assembly.run(user="root")

    assert assembly.refused(user="bob") == "the base has no user `bob`"


def test_a_place_that_the_layers_would_hide_is_refused(assembly: Assembly) -> None:
    assembly.link("system/opt", "data/opt")

    assert assembly.refused() == "the base's `/opt` is a link"


def test_scripts_that_only_set_variables_become_part_of_the_entrypoint(assembly: Assembly) -> None:
    settings = """\
# Where greetings are.
export GREET_HOME="/opt/env/share"
GREETING='a $b' # quiet
export GREETING
export MORE="${CONDA_PREFIX}/x:$GREETING" """
    assembly.layer(
        "conda-1",
        {
            "a": {"etc/conda/activate.d/a.sh": settings},
            "b": {"etc/conda/env_vars.d/b.json": json.dumps({"B": "it's"})},
        },
    )

    told = assembly.run(has_conda=True)

    script = assembly.root / "tree/opt/env/bin/envc-activate"
    environment = {"CONDA_PREFIX": "/opt/env", "PATH": os.defpath}
    done = subprocess.run(
        ["/bin/sh", script, "env"], env=environment, capture_output=True, text=True, check=True
    )
    seen = dict(line.split("=", 1) for line in done.stdout.splitlines())
    names = ("B", "GREET_HOME", "GREETING", "MORE")
    assert [seen[name] for name in names] == ["it's", "/opt/env/share", "a $b", "/opt/env/x:a $b"]
    assert (told, ". /opt" in script.read_text()) == ([], False)


@pytest.mark.parametrize(
    "line",
    [
        "export A=$(date)",
        "export A=`date`",
        'export A="$(date)"',
        "A=1; rm -rf /",
        "A=1 B=2",
        "if true; then A=1; fi",
        "export A=${B:-1}",
        'export A="one\\',
        "A=1 &",
        "source x",
        "A=~",
        "A=1 > /x",
        'A="${B"',
    ],
)
def test_scripts_that_do_more_are_run_at_every_start(assembly: Assembly, line: str) -> None:
    assembly.layer("conda-1", {"a": {"etc/conda/activate.d/a.sh": f"{line}\n"}})

    told = assembly.run(has_conda=True)

    assert told == [{"activation": [["a.sh", "a"]]}]
    assert ". /opt/env/etc/conda/activate.d/a.sh" in assembly.read("opt/env/bin/envc-activate")


def test_without_scripts_the_entrypoint_only_runs_the_command(assembly: Assembly) -> None:
    assembly.layer("conda-1", {"a": {"lib/a": "a"}})

    assembly.run(has_conda=True)

    lines = assembly.read("opt/env/bin/envc-activate").splitlines()
    assert [line for line in lines if not line.startswith("#")] == ['exec "$@"']
    assert assembly.read("opt/env/conda-meta/history") == ""


def test_of_packages_that_own_a_path_the_last_name_counts_whatever_the_layer(
    assembly: Assembly,
) -> None:
    assembly.layer("conda-1", {"zoo": {"m.py": "zoo", "__pycache__/m.cpython-311.pyc": "zoo's"}})
    assembly.layer("conda-2", {"ape": {"m.py": "ape", "__pycache__/m.cpython-311.pyc": "ape's"}})

    told = assembly.run(has_conda=True)

    assert told == [{"clash": "m.py", "packages": ["ape (conda)", "zoo (conda)"]}]
    assert assembly.read("opt/env/m.py") == "zoo"
    assert assembly.read("opt/env/__pycache__/m.cpython-311.pyc") == "zoo's"


def test_a_wheel_counts_before_a_conda_package(assembly: Assembly) -> None:
    assembly.layer("conda-1", {"zoo": {"bin/tool": "zoo"}})
    assembly.layer("pip-1", {"ape": {"bin/tool": "ape"}})

    told = assembly.run(has_conda=True)

    assert told == [{"clash": "bin/tool", "packages": ["zoo (conda)", "ape (pip)"]}]
    assert not (assembly.root / "tree/opt/env/bin/tool").exists()


def test_a_clash_inside_of_a_layer_is_told_and_equal_files_are_not(assembly: Assembly) -> None:
    both = {"ape": {"x": "bee"}, "bee": {"x": "bee"}}
    assembly.layer("pip-1", both, clashes={"x": ["ape", "bee"]})
    assembly.layer("pip-2", {"cow": {"y": "same"}, "dog": {"y": "same"}})
    assembly.layer("pip-3", {"eel": {"y": "same"}})

    assert assembly.run() == [{"clash": "x", "packages": ["ape (pip)", "bee (pip)"]}]


def test_of_many_clashes_the_first_are_told_and_the_others_counted(assembly: Assembly) -> None:
    paths = [f"share/{number:02}" for number in range(25)]
    assembly.layer("pip-1", {"ape": dict.fromkeys(paths, "ape")})
    assembly.layer("pip-2", {"bee": dict.fromkeys(paths, "bee")})

    told = assembly.run()

    assert [note["clash"] for note in told[:-1]] == paths[:20]
    assert told[-1] == {"more": 5}


def test_a_file_where_another_layer_has_a_folder_is_refused(assembly: Assembly) -> None:
    assembly.layer("conda-1", {"ape": {"lib64": "a file"}})
    assembly.layer("conda-2", {"bee": {"lib64/x": "x"}})

    assert assembly.refused(has_conda=True) == (
        "`/opt/env/lib64` is a file or a link of `ape`, and a folder of `bee`"
    )
