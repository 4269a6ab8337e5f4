"""Channels that take a question and never answer: found while a solver still waits for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from envc.resolve.conda.question import Channel

__all__ = ["find_silent", "watch"]

_SILENT = "it does not answer"


def watch(
    channels: Sequence[Channel],
    end: Callable[[Channel, str], None],
    *,
    silence_s: float,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Wait a while, and then call `end` with a channel that says nothing, and why; else return.

    rattler's only limit is for a whole answer, which may be hundreds of megabytes, and it asks again:
    without this, a channel that says nothing is waited for a quarter of an hour.

    Args:
        silence_s: How long the solver is left alone first, and then how long a channel may take to
            begin its answer.
    """
    sleep(silence_s)
    silent = find_silent(channels, silence_s=silence_s)
    if silent is not None:
        end(silent, _SILENT)


def find_silent(channels: Sequence[Channel], *, silence_s: float) -> Channel | None:
    """Return the first channel that does not begin an answer in time; any answer will do."""
    for channel in channels:
        address = channel["address"].rstrip("/")
        if address.startswith(("https://", "http://")) and _is_silent(address, silence_s):
            return channel
    return None


def _is_silent(address: str, silence_s: float) -> bool:
    from http.client import HTTPException  # they load slowly, and hardly anybody needs them
    from urllib.error import HTTPError, URLError
    from urllib.request import Request, urlopen

    request = Request(f"{address}/noarch/repodata.json", method="HEAD")  # noqa: S310  # HTTP only
    try:
        urlopen(request, timeout=silence_s).close()  # noqa: S310
    except HTTPError as error:
        error.close()
    except TimeoutError:
        return True
    except URLError as error:
        return isinstance(error.reason, TimeoutError)
    except (OSError, HTTPException):  # rattler meets the same, and tells it better
        return False
    return False
