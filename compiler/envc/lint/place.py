"""Where a part of a text stands in a file that writes the text otherwise, such as in YAML's blocks."""

from __future__ import annotations

__all__ = ["find_written"]


def find_written(written: str, value: str, at: int) -> int | None:
    r"""Return where a character of a value stands in what was written for it; None where that is open.

    It is found by its line, where that is written as it is, and once.

    >>> find_written("|\n    one\n    two\n", "one\ntwo\n", 5)
    15
    """
    start = value.rfind("\n", 0, at) + 1
    end = value.find("\n", at)
    line = value[start : end if end >= 0 else len(value)]
    if not line.strip() or written.count(line) != 1 or value.count(line) != 1:
        return None
    return written.find(line) + at - start
