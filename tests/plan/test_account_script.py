"""`account.py`, which a build runs: the account and the folders that it adds to a base that it only reads."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "templates" / "scripts"
# The script's folders are moved below one of the test's, and what is whose is noted: tests are not root.
RUN = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import layer
root = Path(sys.argv[2])
layer.TREE, layer.PREFIX = root / "tree", root / "tree/opt/env"
owners = {}
os.chown = lambda path, uid, gid: owners.update({str(Path(path).relative_to(root / "tree")): [uid, gid]})
import base
base.SYSTEM = root / "system"
import account
account.FACTS = root / "facts.json"
account.main()
print(json.dumps(owners))
"""


@dataclass
class Base:
    """A base in a folder, and what the script adds to it."""

    root: Path
    owners: dict[str, list[int]] = field(default_factory=dict)

    def write(self, path: str, content: str = "") -> None:
        place = self.root / "system" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)

    def add(self, *folders: str) -> None:
        """Run the script for the usual account."""
        self.run({"uid": 1000, "gid": 1000, "name": "envc", "home": "/home/envc"}, folders)

    def run(self, account: dict[str, object], folders: tuple[str, ...]) -> None:
        facts = {**account, "folders": folders}
        (self.root / "facts.json").write_text(json.dumps(facts))
        command = [sys.executable, "-B", "-c", RUN, str(SCRIPTS), str(self.root)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        self.owners = json.loads(done.stdout)

    def read(self, path: str) -> list[str]:
        return (self.root / "tree" / path).read_text().splitlines()

    @property
    def added(self) -> list[str]:
        tree = self.root / "tree"
        return sorted(str(path.relative_to(tree)) for path in tree.rglob("*"))


@pytest.fixture
def base(tmp_path: Path) -> Base:
    (tmp_path / "system").mkdir()
    return Base(root=tmp_path)


def test_an_account_is_added_to_those_of_the_base(base: Base) -> None:
    base.write("etc/passwd", "root:x:0:0::/root:/bin/sh")
    base.write("etc/group", "root:x:0:\n")

    base.add("/app", "/srv/data")

    rows = ["root:x:0:0::/root:/bin/sh", "envc:x:1000:1000::/home/envc:/bin/sh"]
    assert (base.read("etc/passwd"), base.read("etc/group")) == (
        rows,
        ["root:x:0:", "envc:x:1000:"],
    )
    assert base.owners == {
        ".": [0, 0],
        "app": [1000, 1000],
        "etc": base.owners["etc"],
        "home": [0, 0],
        "home/envc": [1000, 1000],
        "srv": [0, 0],
        "srv/data": [1000, 1000],
    }


def test_what_the_base_has_already_stays_as_it_is(base: Base) -> None:
    base.write("etc/passwd", "ada:x:1000:1000::/home/ada:/bin/sh\n")
    base.write("etc/group", "ada:x:1000:\n")
    (base.root / "system/home").symlink_to("/data/home")
    base.write("data/home/.keep")
    (base.root / "system/data").chmod(0o2775)
    base.write("app/.keep")

    base.add("/app")

    assert base.added == ["data", "data/home", "data/home/envc"]
    assert stat.S_IMODE((base.root / "tree/data").stat().st_mode) == 0o2775


def test_a_base_that_has_all_gets_nothing(base: Base) -> None:
    base.write("etc/passwd", "ada:x:1000:1000::/home/envc:/bin/sh\n")
    base.write("etc/group", "ada:x:1000:\n")
    base.write("home/envc/.profile")

    base.add("/home/envc")

    assert base.added == []


def test_without_an_account_there_are_only_the_folders_that_the_base_lacks(base: Base) -> None:
    base.write("etc/passwd", "root:x:0:0::/root:/bin/sh\n")
    base.write("home/ada/.profile")
    (base.root / "system/home/ada").chmod(0o700)

    base.run({"uid": 0, "gid": 0, "name": None, "home": None}, ("/home/ada/work",))

    assert base.added == ["home", "home/ada", "home/ada/work"]
    assert base.owners["home/ada/work"] == [0, 0]
    home = (base.root / "tree/home/ada").stat()
    assert (stat.S_IMODE(home.st_mode), home.st_mtime) == (0o700, 946684800)


def test_all_has_one_time(base: Base) -> None:
    base.add("/app")

    times = {path.lstat().st_mtime for path in (base.root / "tree").rglob("*")}
    assert (base.added, times) == (
        ["app", "etc", "etc/group", "etc/passwd", "home", "home/envc"],
        {946684800},
    )
