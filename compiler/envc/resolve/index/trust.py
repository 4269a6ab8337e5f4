"""How requests trusts hosts here: certificates are read once, and not again for every connection."""

from __future__ import annotations

import ssl
import threading
from pathlib import Path
from typing import Any

import requests
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.util.ssl_ import create_urllib3_context

from envc.registry.paced import PacedAdapter

__all__ = ["TrustingAdapter"]


class TrustingAdapter(PacedAdapter):
    """An adapter whose connections share their certificates: a usual bundle takes 25 ms to read.

    Whatever a session says of `verify`, hosts are verified, and by these certificates.

    Args:
        bundle: A file of certificates, or a folder that OpenSSL can look them up in; None for those
            that come with requests.
        options: As `HTTPAdapter` of requests has them.
    """

    def __init__(self, bundle: str | None, **options: Any) -> None:
        self._bundle = bundle or DEFAULT_CA_BUNDLE_PATH
        self._trusted: ssl.SSLContext | None = None
        self._guard = threading.Lock()
        super().__init__(**options)

    def build_connection_pool_key_attributes(
        self,
        request: requests.PreparedRequest,
        verify: Any,  # noqa: ARG002
        cert: Any = None,
    ) -> Any:
        """Return what a connection is made with, the certificates included.

        Raises:
            requests.exceptions.SSLError: They cannot be read.
        """
        host, options = super().build_connection_pool_key_attributes(request, True, cert)
        if host["scheme"] == "https":
            options["ssl_context"] = self._trust()
        return host, options

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Return what connects through a proxy, which is trusted as hosts are.

        Raises:
            requests.exceptions.SSLError: The certificates cannot be read.
        """
        if proxy.lower().startswith("https://"):
            options["proxy_ssl_context"] = self._trust()
        return super().proxy_manager_for(proxy, **options)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave connections what they were made with: requests would have each read a bundle."""

    def _trust(self) -> ssl.SSLContext:
        with self._guard:
            if self._trusted is None:
                self._trusted = _read(self._bundle)
            return self._trusted


def _read(bundle: str) -> ssl.SSLContext:
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    try:
        if Path(bundle).is_dir():
            context.load_verify_locations(capath=bundle)
        else:
            context.load_verify_locations(cafile=bundle)
    except OSError as error:
        raise requests.exceptions.SSLError(error) from error
    return context
