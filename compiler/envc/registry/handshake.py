"""A secure connection that cannot be made: an exception in; OpenSSL's reason and what to do, out."""

from __future__ import annotations

import re

from envc.frozen import frozen
from envc.registry.transport import BUNDLES, root_error

__all__ = ["Handshake", "explain_handshake"]


@frozen
class Handshake:
    """Why one failed.

    Attributes:
        is_distrust: Whether the other side's certificate is to blame.
        reason: Why, in OpenSSL's words.
        hint: What to do.
    """

    is_distrust: bool
    reason: str
    hint: str

    @property
    def summary(self) -> str:
        """What is wrong with the other side."""
        fault = "its certificate is not trusted"
        return fault if self.is_distrust else "no secure connection can be made"

    @property
    def note(self) -> str:
        """The reason as a note says it."""
        return f"OpenSSL says: {self.reason}"


_AUTHORITY = (
    "if its authority is your organisation's own, let `SSL_CERT_FILE` name a file with the "
    "authority's certificate"
)
_AGE = "check this machine's clock, or have the host's owner renew the certificate"
_NAME = "check the address: the certificate is for another name"
_OTHER = "have the host's owner or its authority put the certificate right"
_UNREADABLE = f"correct the environment variable that names certificates: {', '.join(BUNDLES)}"
_NO_TLS = "check the address, its port and the proxy: what answers there may not speak TLS"
# https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/#error-codes, by number.
_HINTS = {
    **dict.fromkeys((2, 18, 19, 20, 21), _AUTHORITY),
    **dict.fromkeys((9, 10), _AGE),
    **dict.fromkeys((62, 64), _NAME),
}


def explain_handshake(error: Exception) -> Handshake:
    """Return why a secure connection could not be made, as an SSLError of requests tells it."""
    import ssl

    cause = root_error(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        hint = _HINTS.get(cause.verify_code, _OTHER)
        return Handshake(is_distrust=True, reason=cause.verify_message.rstrip("."), hint=hint)
    reason = re.sub(r"^\[[^]]*\] | \(_ssl\.c:\d+\)$", "", str(cause))
    is_own = isinstance(cause, ssl.SSLError) and cause.library in ("X509", "PEM")
    return Handshake(is_distrust=False, reason=reason, hint=_UNREADABLE if is_own else _NO_TLS)
