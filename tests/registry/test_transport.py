"""HTTP by the environment that is given, not by the one that is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from envc.errors import ToolError
from envc.registry.transport import is_loopback, open_session, proxies_for


def test_proxies_come_from_the_environment_that_is_given() -> None:
    environment = {"HTTPS_PROXY": "http://proxy:3128", "no_proxy": "internal.example"}

    found = [
        proxies_for(url, environment)
        for url in ("https://docker.io/v2/", "https://internal.example/v2/", "http://docker.io/")
    ]

    assert found == [{"https": "http://proxy:3128"}, {}, {}]


def test_this_machine_is_never_reached_through_a_proxy() -> None:
    assert proxies_for("http://localhost:5000/v2/", {"http_proxy": "http://proxy:3128"}) == {}


def test_certificates_come_from_the_environment_that_is_given(tmp_path: Path) -> None:
    bundle = tmp_path / "a.pem"
    bundle.touch()

    assert open_session({"SSL_CERT_FILE": str(bundle)}).verify == str(bundle)
    assert open_session({}).verify is True


def test_certificates_that_are_not_there_are_told() -> None:
    with pytest.raises(ToolError) as caught:
        open_session({"SSL_CERT_FILE": "/no/a.pem"})

    [problem] = caught.value.diagnostics
    assert (problem.code, problem.message) == ("E382", "there are no certificates at `/no/a.pem`")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("localhost:5000", True),
        ("127.0.0.1:5000", True),
        ("127.1.2.3", True),
        ("[::1]:5000", True),
        ("localhost.example", False),
        ("10.0.0.1", False),
        ("docker.io", False),
    ],
)
def test_loopback_is_told_apart(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
