"""Addresses in foreign files: taken apart, and shown without what could be a password."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

__all__ = ["TOKEN_PATH", "hide_credentials", "split_address"]

TOKEN_PATH = re.compile(r"/t/[^/\s]+/")
"""Where an address of a Conda channel holds a token."""

_CREDENTIALS = re.compile(r"://[^/?#\s@]*@")


def split_address(text: str) -> SplitResult:
    """Return the parts of an address; of what is none, such as `https://[`, all are empty.

    >>> split_address("https://[/a").path
    ''
    """
    try:
        return urlsplit(text)
    except ValueError:
        return SplitResult("", "", "", "", "")


def hide_credentials(text: str) -> str:
    """Return a text without what could be a password.

    >>> hide_credentials("https://me:secret@host.example/simple")
    'https://…@host.example/simple'
    """
    return TOKEN_PATH.sub("/t/…/", _CREDENTIALS.sub("://…@", text))
