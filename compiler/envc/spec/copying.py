"""What a copy step may say of the files that it brings: whose they are, their mode, which stay out."""

from __future__ import annotations

import re

from envc.spec.field import USER, FieldError, line

__all__ = ["IGNORE", "MODE", "ignore_pattern", "mode", "mode_text", "owner"]

MODE = re.compile(r"[0-7]{3}|[0-7]{4}")
# gitignore(5): `!` takes a pattern back, `#` starts a comment, a `\` at the end escapes nothing.
IGNORE = re.compile(r"(?![!#])(?!/*\s*$)(?:[^\\]|\\.)*")


def owner(text: str) -> str:
    """Refuse what is not a user, with or without a group."""
    if not USER.fullmatch(line(text)):
        raise FieldError(
            "E261",
            f"`{text}` cannot own files",
            hint="write `UID`, `UID:GID`, `NAME` or `NAME:GROUP`, such as `1000:1000`",
        )
    return text


def mode(text: str) -> str:
    """Refuse what is not three or four octal digits."""
    if MODE.fullmatch(text):
        return text
    hint = "write three or four octal digits, such as `0644`"
    if (octal := re.fullmatch(r"0o([0-7]{3,4})", text)) or (
        octal := re.fullmatch(r"0+([0-7]{4})", text)
    ):
        hint = f"write `{mode_text(octal[1])}`"
    elif re.search(r"[rwxXugoa+]", text):
        hint = "write it in octal digits, such as `0755` for `u=rwx,go=rx`"
    raise FieldError("E260", f"`{text}` is not the mode of a file", hint=hint)


def mode_text(text: str) -> str:
    """Return a mode in its one form, four digits.

    >>> mode_text("755")
    '0755'
    """
    return text.zfill(4)


def ignore_pattern(text: str) -> str:
    """Refuse a pattern that ignores nothing, or takes another one back."""
    if IGNORE.fullmatch(line(text)):
        return text
    message = f"`{text}` is not a pattern of files"
    hint = "write one as in a .gitignore, such as `*.pyc` or `tests/`"
    if text.startswith("!"):
        message = f"`{text}` would take a pattern back, which is not supported"
        hint = "write patterns that leave the wanted files in, or copy these in a step of their own"
    elif text.startswith("#"):
        hint = f"write `\\{text}` for names that start with `#`"
    raise FieldError("E262", message, hint=hint)
