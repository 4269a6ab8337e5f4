"""Byte code in a layer: what packages bring and what is made, by whichever Python the environment has."""

from __future__ import annotations

import importlib.util
import os
import py_compile
import subprocess
import sys
from pathlib import Path

import pytest

from support.pythons import PYTHONS

SCRIPTS = Path(__file__).parents[2] / "templates" / "scripts"
FILE_TIME = 946684800
UNCHECKED = b"\1\0\0\0"
ADOPT = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import layer
layer.TREE = Path(sys.argv[2])
layer.adopt_byte_code()
"""


def write(folder: Path, path: str, text: str) -> Path:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    os.utime(file, (FILE_TIME, FILE_TIME))
    return file


def compile_tree(python: str, source: Path, target: Path) -> None:
    words = [python, str(SCRIPTS / "bytecode.py"), str(source), str(target)]
    environment = {"PATH": os.defpath, "PYTHONHASHSEED": "0"}
    subprocess.run(words, env=environment, check=True, timeout=60)


def adopt(tree: Path) -> None:
    subprocess.run([sys.executable, "-c", ADOPT, str(SCRIPTS), str(tree)], check=True, timeout=60)


def cache(source: Path) -> Path:
    return Path(importlib.util.cache_from_source(str(source)))


def below(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize("python", PYTHONS)
def test_any_python_makes_byte_code_that_stays_valid_and_the_same(
    python: str, tmp_path: Path
) -> None:
    sources = tmp_path / "source"
    for number in range(120):
        write(sources, f"opt/env/many/m{number}.py", f"def f():\n    return {number}\n")
    write(sources, "opt/env/bad.py", "print 1 if (\n")

    for name in ("one", "other"):
        compile_tree(python, sources, tmp_path / name)

    made = below(tmp_path / "one")
    (path,) = (path for path in made if "m77." in path)
    assert len(made) == 120
    assert below(tmp_path / "other") == made
    assert made[path][4:8] in (UNCHECKED, FILE_TIME.to_bytes(4, "little"))


@pytest.mark.parametrize("python", PYTHONS)
def test_byte_code_says_where_its_source_lies_in_the_image(python: str, tmp_path: Path) -> None:
    write(tmp_path, "opt/env/site/where.py", "def f(): pass\n")

    compile_tree(python, tmp_path, tmp_path)

    (path,) = (path for path in below(tmp_path) if path.endswith(".pyc"))
    show = (
        "import marshal, sys; data = open(sys.argv[1], 'rb').read();"
        "head = 8 if sys.version_info < (3,) else 12 if sys.version_info < (3, 7) else 16;"
        "print(marshal.loads(data[head:]).co_filename)"
    )
    words = [python, "-c", show, str(tmp_path / path)]
    found = subprocess.run(words, capture_output=True, check=True, text=True).stdout
    assert found == "/opt/env/site/where.py\n"


def test_byte_code_of_the_package_is_kept_whatever_the_files_times_become(tmp_path: Path) -> None:
    source = write(tmp_path, "opt/env/a.py", "x = 1\n")
    os.utime(source, (1_700_000_000, 1_700_000_000))
    py_compile.compile(str(source), invalidation_mode=py_compile.PycInvalidationMode.TIMESTAMP)
    brought = cache(source).read_bytes()

    adopt(tmp_path)
    compile_tree(sys.executable, tmp_path, tmp_path)

    kept = cache(source).read_bytes()
    assert (kept[:4], kept[4:8], kept[16:]) == (brought[:4], UNCHECKED, brought[16:])
    assert kept[8:16] == importlib.util.source_hash(source.read_bytes())


def test_byte_code_that_names_its_source_by_a_hash_is_no_longer_compared(tmp_path: Path) -> None:
    source = write(tmp_path, "opt/env/a.py", "x = 1\n")
    py_compile.compile(str(source), invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)
    brought = cache(source).read_bytes()

    adopt(tmp_path)

    assert cache(source).read_bytes() == brought[:4] + UNCHECKED + brought[8:]


@pytest.mark.parametrize(
    "mode",
    [py_compile.PycInvalidationMode.TIMESTAMP, py_compile.PycInvalidationMode.UNCHECKED_HASH],
)
def test_byte_code_of_another_source_is_made_anew(
    mode: py_compile.PycInvalidationMode, tmp_path: Path
) -> None:
    source = write(tmp_path, "opt/env/a.py", "x = 1\n")
    py_compile.compile(str(source), invalidation_mode=mode)
    write(tmp_path, "opt/env/a.py", "x = 1000\n")

    adopt(tmp_path)

    assert not cache(source).exists()
    compile_tree(sys.executable, tmp_path, tmp_path)
    assert cache(source).read_bytes()[8:16] == importlib.util.source_hash(b"x = 1000\n")


def test_byte_code_without_a_source_stays_as_it_is(tmp_path: Path) -> None:
    alone = tmp_path / "opt/env/__pycache__/gone.cpython-311.pyc"
    alone.parent.mkdir(parents=True)
    alone.write_bytes(b"kept")

    adopt(tmp_path)

    assert alone.read_bytes() == b"kept"
