"""What of an environment says how the network is reached: its proxies and its certificates."""

from __future__ import annotations

from collections.abc import Mapping

from envc.registry.transport import find_bundle

__all__ = ["network_environment"]

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


def network_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the proxies and certificates of an environment, in upper case, and no other variable.

    Where NO_PROXY is `*`, there are no proxies: not every program knows that form.
    """
    found = {
        name: value
        for name in _PROXIES
        if (value := environment.get(name.lower()) or environment.get(name))
    }
    if "*" in [name.strip() for name in found.get("NO_PROXY", "").split(",")]:
        found = {}
    bundle = find_bundle(environment)
    return found | ({"SSL_CERT_FILE": bundle} if bundle else {})
