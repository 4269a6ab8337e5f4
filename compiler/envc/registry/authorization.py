"""How a registry wants to be asked: its challenge becomes a header."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

from envc.frozen import frozen
from envc.registry.credential import Credentials
from envc.registry.transport import is_loopback

__all__ = ["Challenge", "TokenSource", "authorize"]


@frozen
class Challenge:
    """A `WWW-Authenticate` header: its scheme in lower case, and its parameters."""

    scheme: str
    parameters: Mapping[str, str]

    @staticmethod
    def parse(header: str) -> Challenge:
        """Return what a header asks for; a scheme without parameters is one too.

        >>> Challenge.parse('Bearer realm="https://auth.docker.io/token",service="x"').scheme
        'bearer'
        """
        from requests.utils import parse_dict_header

        scheme, _, rest = header.strip().partition(" ")
        split: Callable[[str], dict[str, str | None]] = parse_dict_header  # its stub has no types
        parameters = split(rest) if rest else {}
        return Challenge(
            scheme=scheme.lower(),
            parameters={name.lower(): value or "" for name, value in parameters.items()},
        )


class TokenSource(Protocol):
    """Asks a token server: a GET with a query, or a POST with a form."""

    def __call__(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None,
        form: Mapping[str, str] | None,
    ) -> dict[str, Any]:
        """Return its answer."""
        ...


def authorize(
    challenge: Challenge, credentials: Credentials | None, scope: str, ask: TokenSource
) -> str | None:
    """Return the `Authorization` header that meets a challenge, or None where nothing would.

    Bearer tokens follow https://distribution.github.io/distribution/spec/auth/token/ and, with an
    identity token, spec/auth/oauth/. Credentials go to a server only over TLS or on this machine.

    Args:
        credentials: None asks for an anonymous token.
        scope: What is wanted where the challenge does not say, such as `repository:pets:pull`.
    """
    if challenge.scheme == "basic":
        return _basic(credentials) if credentials and credentials.username else None
    realm = challenge.parameters.get("realm", "")
    if challenge.scheme != "bearer" or not realm:
        return None
    parts = urlsplit(realm)
    if parts.scheme != "https" and not is_loopback(parts.netloc):
        return None
    query = {
        "service": challenge.parameters.get("service", ""),
        "scope": challenge.parameters.get("scope") or scope,
    }
    if credentials is not None and credentials.identity_token:
        form = {
            **query,
            "grant_type": "refresh_token",
            "refresh_token": credentials.identity_token,
            "client_id": "envc",
        }
        answer = ask("POST", realm, headers={}, query=None, form=form)
    else:
        headers = (
            {"Authorization": _basic(credentials)} if credentials and credentials.username else {}
        )
        answer = ask("GET", realm, headers=headers, query=query, form=None)
    token = answer.get("token") or answer.get("access_token")
    return f"Bearer {token}" if token else None


def _basic(credentials: Credentials) -> str:
    pair = f"{credentials.username}:{credentials.password}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"
