"""A secure connection that cannot be made is told in OpenSSL's words, with what to do about it."""

from __future__ import annotations

import ssl

import pytest
from requests.exceptions import SSLError

from envc.reference import ImageReference
from envc.registry.asked import Asked, explain_certificate
from envc.registry.handshake import explain_handshake


def distrust(code: int, words: str) -> SSLError:
    cause = ssl.SSLCertVerificationError(1, f"[SSL: CERTIFICATE_VERIFY_FAILED] {words} (_ssl.c:1)")
    cause.verify_code, cause.verify_message = code, words
    return SSLError(cause)


@pytest.mark.parametrize(
    ("code", "words", "hint"),
    [
        (10, "certificate has expired", "check this machine's clock"),
        (20, "unable to get local issuer certificate", "if its authority is your organisation's"),
        (19, "self-signed certificate in certificate chain", "if its authority is"),
        (
            62,
            "Hostname mismatch, certificate is not valid for 'a.example'",
            "check the address: the certificate is for another name",
        ),
        (92, "CA cert does not include key usage extension", "have the host's owner"),
    ],
)
def test_a_certificate_that_is_refused_has_a_reason(code: int, words: str, hint: str) -> None:
    found = explain_handshake(distrust(code, words))

    assert (found.is_distrust, found.reason) == (True, words)
    assert found.hint.startswith(hint)


@pytest.mark.parametrize(
    ("library", "text", "reason", "hint"),
    [
        (
            "SSL",
            "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)",
            "wrong version number",
            "check the address, its port and the proxy",
        ),
        (
            "X509",
            "[X509: NO_CERTIFICATE_OR_CRL_FOUND] no certificate or crl found (_ssl.c:4154)",
            "no certificate or crl found",
            "correct the environment variable that names certificates",
        ),
    ],
)
def test_what_is_no_certificate_of_the_host_is_not_its_trust(
    library: str, text: str, reason: str, hint: str
) -> None:
    cause = ssl.SSLError(1, text)
    cause.library = library

    found = explain_handshake(SSLError(cause))

    assert (found.is_distrust, found.reason) == (False, reason)
    assert found.hint.startswith(hint)


def test_a_registry_is_told_with_the_reason() -> None:
    reference = ImageReference.parse("registry.example/team/base:1")
    asked = Asked(reference=reference, source=reference)

    problem = explain_certificate(asked, distrust(10, "certificate has expired"))

    assert (problem.code, problem.message, problem.notes) == (
        "E382",
        "the certificate of the registry `registry.example` is not trusted",
        ("OpenSSL says: certificate has expired",),
    )
