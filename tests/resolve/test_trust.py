"""Hosts are trusted by the certificates that the environment names, which are read once."""

from __future__ import annotations

import ipaddress
import ssl
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from envc.errors import ToolError
from envc.resolve.base import IndexAccess
from envc.resolve.index.transport import Answer, Transport
from support.http_server import LoopbackServer, QuietHandler

_SIGNS = x509.KeyUsage(
    key_cert_sign=True,
    **dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"), False
    ),
    **dict.fromkeys(("key_agreement", "crl_sign", "encipher_only", "decipher_only"), False),
)
LOOPBACK = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))


@dataclass(frozen=True)
class Authority:
    """Who vouches for hosts; `bundle` has its certificate."""

    bundle: Path
    key: ec.EllipticCurvePrivateKey
    name: x509.Name

    @staticmethod
    def make(folder: Path) -> Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name.from_rfc4514_string("CN=Authority")
        builder = (
            _describe(name, name, key, key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_SIGNS, critical=True)
        )
        bundle = folder / "authority.pem"
        signed = builder.sign(key, hashes.SHA256())
        bundle.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        return Authority(bundle=bundle, key=key, name=name)

    def certify(self, folder: Path, host: x509.GeneralName, days: int = 1) -> ssl.SSLContext:
        """Return what a server needs to be a host, for some days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name.from_rfc4514_string("CN=host")
        builder = _describe(subject, self.name, key, self.key, days).add_extension(
            x509.SubjectAlternativeName([host]), critical=False
        )
        signed = builder.sign(self.key, hashes.SHA256())
        both = folder / "host.pem"
        both.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + signed.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(both)
        return context


def _describe(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuing: ec.EllipticCurvePrivateKey,
    days: int = 1,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=3))
        .not_valid_after(now + timedelta(days=days))
        # Python from 3.13 on wants to know whose key signed it.
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing.public_key()), critical=False
        )
    )


class _Page(QuietHandler):
    """Answers each question over a connection of its own."""

    def do_GET(self) -> None:
        self.reply(200, body=b"ok")


class _CertifiedServer(LoopbackServer):
    scheme = "https"

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(_Page)
        self.socket = context.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that do not trust it: that is what they are here for."""
        if not isinstance(sys.exception(), ssl.SSLError):
            super().handle_error(request, client_address)


def _ask(transport: Transport, address: str) -> Answer | None:
    return transport.get(address, IndexAccess(url=address), address)


def _refusal(transport: Transport, address: str) -> tuple[str, str, str]:
    """Return the code, the reason and what OpenSSL says of it."""
    with pytest.raises(ToolError) as raised:
        _ask(transport, address)
    (problem,) = raised.value.diagnostics
    reason = problem.message.removeprefix(f"index `{address}` cannot be reached: ")
    return problem.code, reason, problem.notes[-1].removeprefix("OpenSSL says: ")


def test_a_host_is_trusted_by_the_bundle_that_is_named(tmp_path: Path) -> None:
    authority = Authority.make(tmp_path)
    with _CertifiedServer(authority.certify(tmp_path, LOOPBACK)) as server:
        address = server.url
        transport = Transport({"SSL_CERT_FILE": str(authority.bundle)}, retries=0)
        answer = _ask(transport, address)

        assert answer is not None
        assert answer.content == b"ok"


def test_certificates_are_read_once_for_all_connections(tmp_path: Path) -> None:
    authority = Authority.make(tmp_path)
    with _CertifiedServer(authority.certify(tmp_path, LOOPBACK)) as server:
        address = server.url
        transport = Transport({"SSL_CERT_FILE": str(authority.bundle)}, retries=0)
        first = _ask(transport, address)
        authority.bundle.unlink()
        second = _ask(transport, address)

        assert second == first


@pytest.mark.parametrize("named", ["default", "folder", "another"])
def test_a_host_that_no_certificate_speaks_for_is_not_trusted(named: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "other").mkdir()
    bundles = {
        "default": {},
        "folder": {"SSL_CERT_FILE": str(tmp_path / "folder")},
        "another": {"SSL_CERT_FILE": str(Authority.make(tmp_path / "other").bundle)},
    }
    with _CertifiedServer(Authority.make(tmp_path).certify(tmp_path, LOOPBACK)) as server:
        code, reason, words = _refusal(Transport(bundles[named], retries=0), server.url)

        assert (code, reason) == ("E335", "its certificate is not trusted")
        assert words in {"unable to get local issuer certificate", "self-signed certificate"}


@pytest.mark.parametrize(
    ("host", "days", "words"),
    [
        (
            x509.DNSName("other.example"),
            1,
            "IP address mismatch, certificate is not valid for '127.0.0.1'",
        ),
        (LOOPBACK, -1, "certificate has expired"),
    ],
)
def test_a_certificate_that_is_wrong_is_not_trusted(
    host: x509.GeneralName, days: int, words: str, tmp_path: Path
) -> None:
    authority = Authority.make(tmp_path)
    with _CertifiedServer(authority.certify(tmp_path, host, days)) as server:
        transport = Transport({"SSL_CERT_FILE": str(authority.bundle)}, retries=0)

        found = _refusal(transport, server.url)
        assert found == ("E335", "its certificate is not trusted", words)


def test_a_bundle_without_certificates_is_told(tmp_path: Path) -> None:
    (tmp_path / "broken").write_text("no certificate at all")
    transport = Transport({"SSL_CERT_FILE": str(tmp_path / "broken")}, retries=0)

    code, reason, words = _refusal(transport, "https://index.example/simple")

    assert (code, reason) == ("E335", "no secure connection can be made")
    assert "certificate" in words


@pytest.mark.parametrize("host", ["127.0.0.1", "other.example"])
def test_a_proxy_is_trusted_as_a_host_is(host: str, tmp_path: Path) -> None:
    authority = Authority.make(tmp_path)
    name = LOOPBACK if host == "127.0.0.1" else x509.DNSName(host)
    with _CertifiedServer(authority.certify(tmp_path, name)) as proxy:
        environment = {"SSL_CERT_FILE": str(authority.bundle), "HTTP_PROXY": proxy.url}
        transport = Transport(environment, retries=0)

        address = "http://index.example/simple"
        if host == "127.0.0.1":
            answer = _ask(transport, address)
            assert answer is not None
            assert answer.content == b"ok"
        else:
            assert _refusal(transport, address)[0] == "E335"
