"""Stores that cannot be used: each is told for what it is, and nothing in it gets lost."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path

import pytest

from envc.diagnostics import Diagnostic
from envc.errors import ToolError
from envc.store.repair import repair
from envc.store.store import Store
from support.records import build_of, entry_of, run_of

PAGE = 4096
FULL = """
import resource, signal, sys
from pathlib import Path
from envc.errors import ToolError
from envc.store.store import Store
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
sys.path.insert(0, sys.argv[2])
from support.records import entry_of, run_of
with Store.open(Path(sys.argv[1])) as store:
    store.record_run(run_of())
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        store.record_run(run_of(command=("x" * 500_000,)))
    except ToolError as error:
        print(error.diagnostics[0].code)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    print(len(store.runs()))
"""


def code_of(action: Callable[[], object]) -> Diagnostic:
    with pytest.raises(ToolError) as caught:
        action()
    (problem,) = caught.value.diagnostics
    return problem


def fill(home: Path, count: int = 400) -> Path:
    with Store.open(home) as store:
        store.register(entry_of("pets"))
        store.record_build(*(build_of(log=f"/logs/{number}") for number in range(count)))
        store.record_run(run_of())
    return home / "store.db"


@pytest.mark.parametrize("use", [Store.open, Store.find])
def test_what_is_no_store_is_refused_and_stays(home: Path, use: Callable[[Path], object]) -> None:
    home.mkdir()
    place = home / "store.db"
    place.write_bytes(b"not a database, but long enough to be taken for one" * 40)
    before = place.read_bytes()

    problem = code_of(lambda: use(home))

    assert (problem.code, problem.message) == (
        "E700",
        f"the store `{place}` is damaged: file is not a database",
    )
    assert place.read_bytes() == before


def test_a_database_of_another_program_is_refused_and_stays(home: Path) -> None:
    home.mkdir()
    with sqlite3.connect(home / "store.db") as connection:
        connection.execute("CREATE TABLE theirs (a)")
    connection.close()

    problem = code_of(lambda: Store.open(home))

    assert problem.message.endswith("is damaged: it is empty, or another program's")
    with sqlite3.connect(home / "store.db") as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]
    connection.close()


def test_a_store_that_was_emptied_is_not_taken_for_a_new_one(home: Path) -> None:
    place = fill(home, 1)
    place.write_bytes(b"")

    problem = code_of(lambda: Store.open(home))

    assert problem.message == f"the store `{place}` is damaged: it is empty, or another program's"


def test_a_damaged_page_is_told_when_it_is_read(home: Path) -> None:
    place = fill(home)
    spoil(place, first=3)

    with Store.open(home) as store:
        problem = code_of(store.builds)

    assert problem.code == "E700"
    assert problem.hint.startswith("`envc env repair`")


def spoil(place: Path, *, first: int) -> None:
    """Overwrite the leaves of the builds' table, which are most of the file."""
    content = bytearray(place.read_bytes())
    for page in range(first, len(content) // PAGE):
        if b"/logs/2" in content[page * PAGE : (page + 1) * PAGE]:
            content[page * PAGE : (page + 1) * PAGE] = b"\xff" * PAGE
    place.write_bytes(content)


def test_a_repair_keeps_what_can_be_read_and_the_damaged_file(home: Path) -> None:
    place = fill(home)
    spoil(place, first=3)
    damaged = place.read_bytes()

    done = repair(home, stamp="1")

    assert done.aside == home / "store.db.damaged-1"
    assert done.aside.read_bytes() == damaged
    assert (done.kept["environments"], done.kept["versions"], done.kept["runs"]) == (1, 1, 1)
    assert 0 < done.kept["builds"] < 400
    with Store.open(home) as store:
        assert store.versions("pets") != ()
        assert len(store.builds()) == done.kept["builds"]
    assert repair(home, stamp="2").aside is None


def test_a_repair_of_what_is_no_database_starts_anew(home: Path) -> None:
    home.mkdir()
    (home / "store.db").write_bytes(b"nothing" * 999)

    done = repair(home, stamp="1")

    assert set(done.kept.values()) == {0}
    assert (home / "store.db.damaged-1").read_bytes() == b"nothing" * 999
    with Store.open(home) as store:
        assert store.environments() == ()


def test_a_repair_of_a_whole_store_changes_nothing(home: Path) -> None:
    place = fill(home, 2)
    before = place.read_bytes()

    done = repair(home, stamp="1")

    assert (done.aside, done.kept["builds"]) == (None, 2)
    assert place.read_bytes() == before


@pytest.mark.parametrize("use", [Store.open, Store.find, lambda home: repair(home, stamp="1")])
def test_a_store_of_a_newer_envc_is_refused_and_stays(
    home: Path, use: Callable[[Path], object]
) -> None:
    place = fill(home, 1)
    with sqlite3.connect(place) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()

    problem = code_of(lambda: use(home))

    assert (problem.code, problem.message) == (
        "E701",
        f"the store `{place}` is a newer envc's: it has schema 99",
    )
    assert sorted(path.name for path in home.iterdir()) == [".store.db.lock", "store.db"]


def test_a_store_that_a_newer_envc_changes_meanwhile_is_left_alone(home: Path) -> None:
    place = fill(home, 1)

    with Store.open(home) as store:
        newer = sqlite3.connect(place)
        newer.execute("PRAGMA user_version = 99")
        newer.close()
        problems = [code_of(lambda: store.record_run(run_of())), code_of(store.runs)]

    assert [problem.code for problem in problems] == ["E701", "E701"]


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    problem = code_of(lambda: Store.open(tmp_path / "file" / "home"))

    assert (problem.code, problem.message) == (
        "E702",
        f"the store `{tmp_path}/file/home` cannot be written: not a directory",
    )


def test_a_store_that_can_only_be_read_is_read(home: Path, tmp_path: Path) -> None:
    fill(home, 1)
    script = (
        # Whoever reads the store may not read the interpreter: what is wanted is loaded before.
        "import os, sys, urllib.parse\nfrom pathlib import Path\nfrom envc.errors import ToolError\n"
        "from envc.store import Store\nsys.path.insert(0, sys.argv[2])\n"
        "from support.records import run_of\n"
        "os.getuid() or os.setuid(65534)\n"
        "with Store.find(Path(sys.argv[1])) as store:\n"
        "    print([one.name for one in store.environments()])\n"
        "    try:\n        store.record_run(run_of())\n"
        "    except ToolError as error:\n        print(error.diagnostics[0].code)\n"
    )
    for folder in (tmp_path, *takewhile(lambda one: "pytest-" in str(one), tmp_path.parents)):
        folder.chmod(0o755)
    (home / "store.db").chmod(0o444)
    home.chmod(0o555)
    try:
        said = run_script(script, home)
    finally:
        home.chmod(0o755)

    assert said == ["['pets']", "E702"]


def test_a_full_disk_is_told_and_loses_nothing(home: Path) -> None:
    assert run_script(FULL, home) == ["E702", "1"]


FULL_FOR_READERS = """
import resource, signal, sys
from pathlib import Path
from envc.store import Store
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
for _ in range(2):
    with Store.find(Path(sys.argv[1])) as store:
        print([one.name for one in store.environments()])
"""


def test_a_store_on_a_full_disk_can_be_read_again_and_again(home: Path) -> None:
    fill(home, 1)

    assert run_script(FULL_FOR_READERS, home) == ["['pets']", "['pets']"]


FULL_FOR_CONTENT = """
import resource, signal, sys
from pathlib import Path
from envc.errors import ToolError
from envc.store import Store
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
file = Path(sys.argv[1]).parent / "large"
file.write_bytes(bytes(500_000))
with Store.open(Path(sys.argv[1])) as store:
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        store.content.add(file)
    except ToolError as error:
        print(error.diagnostics[0].code)
print([path.name for path in store.content.folder.rglob("*")])
"""


def test_a_disk_that_is_too_full_for_content_is_told_and_keeps_no_part_of_it(home: Path) -> None:
    assert run_script(FULL_FOR_CONTENT, home) == ["E702", "[]"]


def run_script(script: str, home: Path) -> list[str]:
    tests = str(Path(__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", script, str(home), tests],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_store_that_another_process_holds_is_busy(home: Path) -> None:
    place = fill(home, 1)
    holder = sqlite3.connect(place, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    with Store.open(home, timeout_s=0.01) as store:
        problem = code_of(lambda: store.record_run(run_of()))
    holder.execute("ROLLBACK")
    holder.close()

    assert problem.code == "E703"


def test_lost_and_damaged_content_is_told_and_made_whole_by_adding_it_again(
    home: Path, tmp_path: Path
) -> None:
    file, target = tmp_path / "file", tmp_path / "target"
    file.write_text("text")
    with Store.open(home) as store:
        sha256, size = store.content.add(file)
        place = home / "content" / sha256[:2] / sha256
        place.write_text("else")
        damaged = code_of(lambda: store.content.copy(sha256, target))
        place.unlink()
        missing = code_of(lambda: store.content.copy(sha256, target))
        store.content.add(file)
        store.content.copy(sha256, target)

    assert (size, target.read_text()) == (4, "text")
    assert (damaged.code, missing.code) == ("E707", "E707")
    assert damaged.message.endswith("it is not what was kept there")
    assert missing.message.endswith("no such file or directory")
    assert [path.name for path in (home / "content").rglob("*") if path.is_file()] == [sha256]
