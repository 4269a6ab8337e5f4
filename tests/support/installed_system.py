"""A Debian in a folder, and what `forget.sh` leaves of what packages made there: no engine, no root."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

__all__ = ["InstalledSystem"]

SCRIPTS = Path(__file__).parents[2] / "templates" / "scripts"
STARTED = 1_700_000_000
# The script's places, but for /dev/null, and the root that it looks through.
PLACES = re.compile(r"(?<![\w*./}-])/(?=(dev/envc|etc|mnt|proc|root|run|sys|usr|var)\b)")
# What a slim Debian has of what the script calls.
TOOLS = ("cat", "find", "grep", "perl", "rm", "sed", "sha1sum", "sort")
LOOKED_AT = re.compile(r"^\++ is_(?:new|made) (.+)$", re.MULTILINE)


@dataclass
class InstalledSystem:
    """The files of a base, of its packages, and what these made; paths begin with `/`.

    Attributes:
        root: The folder.
        log: What the programs of the test noted in `forget`, by lines.
        errors: What the script wrote to its standard error, with each command that it ran.
    """

    root: Path
    log: tuple[str, ...] = ()
    errors: str = ""

    def place(self, path: str) -> Path:
        return self.root / path.removeprefix("/")

    def ship(self, path: str, content: str | bytes = "") -> Path:
        """Write a file that came in a package: with the package's time."""
        return self._write(path, content, STARTED - 1000)

    def make(self, path: str, content: str | bytes = "") -> Path:
        """Write a file as a package makes it when it is installed."""
        return self._write(path, content, STARTED + 10)

    def have(self, path: str, content: str | bytes = "") -> Path:
        """Write a file of the base."""
        place = self.ship(path, content)
        with (self._dev() / "envc-base").open("a") as listed:
            listed.write(f"{place}\n")
        return place

    def program(self, path: str, script: str) -> None:
        """Write a program: a shell script that knows `$root`, and that may `note` something."""
        note = 'note() { echo "$*" >>"$root/log"; }'
        lines = ("#!/bin/sh", "PATH=/usr/bin:/bin", f"root='{self.root}'", note, script, "")
        self.ship(path, "\n".join(lines)).chmod(0o755)

    def forget(self, folder: str = "/", *, exit_code: int = 0) -> set[str]:
        """Run the script in a folder and return the paths at which it looked by their names."""
        self.place("/usr/bin").mkdir(parents=True, exist_ok=True)
        tools = self._tools()
        (self._dev() / "envc-base").touch()
        start = self._dev() / "envc-start"
        start.touch()
        os.utime(start, (STARTED, STARTED))
        script = self.root / "dev/forget.sh"
        text = (SCRIPTS / "forget.sh").read_text()
        script.write_text(
            PLACES.sub(f"{self.root}/", text).replace("find / ", f"find {self.root} ")
        )
        done = subprocess.run(
            ["/bin/sh", "-x", str(script), str(SCRIPTS / "forget.pl")],
            capture_output=True,
            env={
                "PATH": f"{self.place('/usr/bin')}:{tools}",
                "LC_ALL": "C.UTF-8",
                "SOURCE_DATE_EPOCH": "946684800",
            },
            cwd=self.place(folder),
            text=True,
            check=False,
        )
        assert done.returncode == exit_code, done.stderr
        log = self.root / "log"
        self.log = tuple(log.read_text().splitlines()) if log.is_file() else ()
        self.errors = done.stderr
        looked = LOOKED_AT.findall(done.stderr)
        return {path.removeprefix(str(self.root)) for path in looked}

    def left(self, *folders: str) -> list[str]:
        """Return what the folders have that is no folder, sorted."""
        found = [path for folder in folders for path in self.place(folder).rglob("*")]
        files = [path for path in found if not stat.S_ISDIR(path.lstat().st_mode)]
        return sorted(f"/{path.relative_to(self.root)}" for path in files)

    def _write(self, path: str, content: str | bytes, time: int) -> Path:
        place = self.place(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
        os.utime(place, (time, time))
        return place

    def _tools(self) -> Path:
        """Return a folder with what the script may call of the machine, so that no TeX of it is found."""
        folder = self.root / "tools"
        if not folder.is_dir():
            folder.mkdir()
            for name in TOOLS:
                (folder / name).symlink_to(shutil.which(name) or name)
        return folder

    def _dev(self) -> Path:
        folder = self.root / "dev"
        folder.mkdir(exist_ok=True)
        return folder
