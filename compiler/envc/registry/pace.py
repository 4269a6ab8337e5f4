"""An answer's body read as it comes, for as long as it comes at a pace worth waiting for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import requests

__all__ = ["LEAST_BYTES_PER_S", "read_pieces"]

LEAST_BYTES_PER_S = 1000
_PIECE_BYTES = 1 << 16


def read_pieces(
    response: requests.Response,
    *,
    patience_s: float,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[bytes]:
    """Yield a body in pieces, each as soon as it is there.

    A timeout of requests is about silence: it begins anew with every byte, so that a body of a byte
    a second would never be given up.

    Args:
        response: Of a request with `stream=True`.
        patience_s: For how long less than `LEAST_BYTES_PER_S` may come; what is done with the
            pieces meanwhile does not count.

    Raises:
        requests.exceptions.RequestException: The body breaks off, or comes too slowly.
    """
    from requests.exceptions import ReadTimeout

    waited_s, came = 0.0, 0
    while True:
        asked = clock()
        with _translated():
            piece = response.raw.read1(_PIECE_BYTES, decode_content=True)
        if not piece:
            return
        waited_s, came = waited_s + clock() - asked, came + len(piece)
        yield piece
        if waited_s >= patience_s:
            if came < waited_s * LEAST_BYTES_PER_S:
                raise ReadTimeout(f"{came} bytes came in {waited_s:.0f} s, which is too slow")
            waited_s, came = 0.0, 0


@contextmanager
def _translated() -> Iterator[None]:
    """Raise what requests raises where it reads a body itself."""
    from requests import exceptions
    from urllib3.exceptions import DecodeError, ProtocolError, ReadTimeoutError, SSLError

    try:
        yield
    except ProtocolError as error:
        raise exceptions.ChunkedEncodingError(error) from error
    except DecodeError as error:
        raise exceptions.ContentDecodingError(error) from error
    except ReadTimeoutError as error:
        raise exceptions.ConnectionError(error) from error
    except SSLError as error:
        raise exceptions.SSLError(error) from error
