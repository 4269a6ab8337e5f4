"""HTTP as the given environment wants it: its proxies and its certificates, and nothing ambient."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from envc.diagnostics import Diagnostic
from envc.errors import ToolError

if TYPE_CHECKING:
    import requests

__all__ = [
    "BUNDLES",
    "check_bundle",
    "find_bundle",
    "is_loopback",
    "open_session",
    "proxies_for",
    "root_cause",
    "root_error",
]

BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def open_session(environment: Mapping[str, str]) -> requests.Session:
    """Return a session that trusts the environment's certificate bundle, where it names one.

    It gives up a host whose header lines take longer than a request may wait for a byte. A `.netrc`
    is not read: it would replace the credentials that a registry asked for.

    Raises:
        ToolError: The bundle is not there (E382).
    """
    import requests

    from envc.registry.paced import PacedAdapter

    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, PacedAdapter())
    session.trust_env = False
    bundle = find_bundle(environment)
    if bundle is not None:
        check_bundle(bundle, "E382")
    session.verify = bundle or True
    return session


def find_bundle(environment: Mapping[str, str]) -> str | None:
    """Return the certificate bundle that an environment names, or None.

    >>> find_bundle({"CURL_CA_BUNDLE": "/a.pem", "SSL_CERT_FILE": "/b.pem"})
    '/b.pem'
    """
    return next((environment[name] for name in BUNDLES if environment.get(name)), None)


def check_bundle(bundle: str, code: str) -> None:
    """Check that a certificate bundle is there: requests would raise a bare OSError.

    Raises:
        ToolError: It is not; the code is the caller's.
    """
    if not Path(bundle).exists():
        message = f"there are no certificates at `{bundle}`"
        hint = f"correct the environment variable that names them: {', '.join(BUNDLES)}"
        raise ToolError([Diagnostic(code=code, message=message, hint=hint)])


def proxies_for(url: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the proxies to use for one address, in the form that requests takes."""
    from requests.utils import should_bypass_proxies

    scheme, host, *_ = urlsplit(url)
    if is_loopback(host):
        return {}
    proxy = _either_case(environment, f"{scheme}_proxy") or _either_case(environment, "all_proxy")
    if not proxy or should_bypass_proxies(url, _either_case(environment, "no_proxy")):
        return {}
    return {scheme: proxy}


def is_loopback(host: str) -> bool:
    """Say whether a host, with or without a port, is this machine.

    >>> is_loopback("localhost:5000"), is_loopback("[::1]:5000"), is_loopback("docker.io")
    (True, True, False)
    """
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def root_cause(error: BaseException) -> str:
    """Return the innermost reason, which says more than the chain around it."""
    cause = root_error(error)
    return str(cause) or type(cause).__name__


def root_error(error: BaseException) -> BaseException:
    """Return the innermost exception of a chain."""
    while True:
        inner = getattr(error, "reason", None)
        if not isinstance(inner, BaseException):
            parts = (*error.args, error.__cause__)
            inner = next((part for part in parts if isinstance(part, BaseException)), None)
        if inner is None:
            return error
        error = inner


def _either_case(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name) or environment.get(name.upper()) or ""
