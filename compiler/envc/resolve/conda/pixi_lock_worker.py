"""A process that rewrites a pixi.lock with rattler: `text` on stdin, `text` or `problem` on stdout.

It ends by `os._exit` for the reason of `rattler_worker`, and reads from a file since rattler does.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import rattler
from rattler.exceptions import ParseCondaLockError

__all__ = ["main"]


def main() -> None:
    """Answer the question on stdin and end the process."""
    question = json.load(sys.stdin)
    # An absolute path: without one rattler cannot read requirements with relative paths.
    place = Path.cwd() / "pixi.lock"
    place.write_text(question["text"], encoding="utf-8")
    try:
        rattler.LockFile.from_path(place).to_path(place)
    except ParseCondaLockError as error:
        answer = {"problem": str(error)}
    else:
        answer = {"text": place.read_text(encoding="utf-8")}
    json.dump(answer, sys.stdout)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
