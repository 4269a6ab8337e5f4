"""What an index's failure means: a diagnostic of its host, its refusal or its answer, in few words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from envc.diagnostics import Diagnostic
from envc.errors import ToolError
from envc.resolve.base import IndexAccess

if TYPE_CHECKING:
    import requests

__all__ = ["failure", "is_missing", "reason_of", "refuse_failure", "unreachable"]


def is_missing(response: requests.Response, index: IndexAccess) -> bool:
    """Say whether an index says that there is no such thing."""
    return response.status_code in (404, 410) or _is_hidden(response.status_code, index)


def _is_hidden(status: int, index: IndexAccess) -> bool:
    """Say whether a 403 means "no such thing": PyTorch's indexes, in object storage, say it so.

    uv reads these hosts the same way (https://docs.astral.sh/uv/concepts/indexes/).
    """
    host = urlsplit(index.url).hostname or ""
    return status == 403 and (host == "pytorch.org" or host.endswith(".pytorch.org"))


def refuse_failure(response: requests.Response, index: IndexAccess) -> None:
    """Check that an answer is one, if only that there is no such thing.

    Raises:
        ToolError: The index refuses (E336) or fails (E337).
    """
    status = response.status_code
    if status in (401, 403) and not _is_hidden(status, index):
        raise ToolError([_refused(index, status)])
    if status >= 400 and status not in (404, 410) and not _is_hidden(status, index):
        raise failure(index, f"it answered with status {status}")


def _refused(index: IndexAccess, status: int) -> Diagnostic:
    if index.secret is None and index.credentials is not None:
        hint = "check the credentials for its host in your netrc file"
    elif index.secret is None:
        hint = f'name the secret that holds its credentials: `{index.statement} "…" secret NAME`'
    elif index.credentials is None:
        hint = f"set the environment variable `{index.secret}` to `user:password` or to a token"
    else:
        hint = f"check the credentials in the environment variable `{index.secret}`"
    message = f"{index.statement} `{index.url}` refuses access with status {status}"
    return Diagnostic.at(index.span, "E336", message, hint=hint)


def unreachable(index: IndexAccess, url: str, reason: str, hint: str, *notes: str) -> ToolError:
    """Return that an index cannot be reached (E335)."""
    message = f"{index.statement} `{index.url}` cannot be reached: {reason}"
    problem = Diagnostic.at(index.span, "E335", message, hint=hint)
    return ToolError([replace(problem, notes=(f"the address asked was {url}", *notes))])


def failure(index: IndexAccess, reason: str) -> ToolError:
    """Return that an index fails (E337)."""
    message = f"{index.statement} `{index.url}` failed: {reason}"
    hint = "try again later, or name a mirror"
    return ToolError([Diagnostic.at(index.span, "E337", message, hint=hint)])


def reason_of(error: Exception) -> str:
    """Return why in a few words, without addresses or objects."""
    import requests

    text = str(error)
    if "too slow" in text:
        return text
    # What stops in the middle of an answer is no Timeout to requests.
    if isinstance(error, requests.exceptions.Timeout) or "Read timed out" in text:
        return "it does not answer in time"
    known = {
        "Name or service not known": "its host is not known",
        "NameResolutionError": "its host is not known",
        "Connection refused": "the connection was refused",
        "Remote end closed": "it closed the connection",
        "ProxyError": "the proxy failed",
        "Unable to connect to proxy": "the proxy failed",
    }
    fallback = (
        "the connection broke" if "onnection" in type(error).__name__ else "the answer is broken"
    )
    return next((words for sign, words in known.items() if sign in text), fallback)
