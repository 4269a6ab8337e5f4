"""What is fetched from: indexes, channels and registries asked for a little, and the clock compared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from envc.doctor.finding import Finding, State
from envc.errors import EnvcError, ToolError
from envc.frozen import frozen
from envc.machine import Machine
from envc.registry.authorization import Challenge, TokenSource, authorize
from envc.registry.credential import load_credentials
from envc.registry.transport import is_loopback, open_session, proxies_for, root_cause

__all__ = ["Source", "examine_registry", "examine_source"]

_TIMEOUT_S = 10.0
_HUB, _HUB_HOST = "docker.io", "registry-1.docker.io"
# A certificate that was just made, and most tokens, allow a clock to be wrong by this much.
_SKEW_S = 60.0
_HTTP_OK, _UNAUTHORIZED, _FORBIDDEN = 200, 401, 403


@frozen
class Source:
    """An index or a channel: what it is called, and an address of a small file that it has."""

    name: str
    address: str


def examine_source(source: Source, machine: Machine, now: float) -> Iterator[Finding]:
    """Yield whether an index or a channel answers, and where its clock differs from ours.

    Not every spec uses it, and a vendor folder needs none: what is wrong is never a fault.

    Args:
        now: The time, in s since 1970.
    """
    address = machine.mirrors.to_mirror(source.address)
    asked = "" if address == source.address else f", through {_without_password(address)}"
    status, headers, reason = _ask(address, machine.environment)
    if status is None:
        yield Finding(
            subject=source.name,
            state="warning",
            text=f"it cannot be reached{asked}: {reason}",
            hint="check the network and the proxy, or name a mirror: `--mirror`, `ENVC_MIRRORS`",
        )
        return
    if status >= 400:
        yield Finding(
            subject=source.name,
            state="warning",
            text=f"it answers with status {status}{asked}",
            hint="check the mirror and its credentials" if asked else "try again later",
        )
        return
    yield Finding(subject=source.name, state="ok", text=f"it answers{asked}")
    yield from _compare_clocks(headers.get("Date", ""), source.name, now)


def examine_registry(registry: str, machine: Machine) -> Finding:
    """Return whether a registry answers, and whether the credentials that are stored for it do.

    It is asked for its API version, as `docker login` does
    (https://distribution.github.io/distribution/spec/api/#api-version-check).
    """
    subject = f"registry {registry}"
    host = machine.mirrors.to_mirror(registry)
    try:
        credentials = load_credentials(host, machine.environment)
    except ToolError as error:
        return Finding.of(subject, error)
    scheme = "http" if is_loopback(host) else "https"
    url = f"{scheme}://{_HUB_HOST if host == _HUB else host}/v2/"
    status, headers, reason = _ask(url, machine.environment)
    if status is None:
        hint = "check the network and the proxy, or name a mirror: `--mirror`, `ENVC_MIRRORS`"
        text = f"it cannot be reached: {reason}"
        return Finding(subject=subject, state="fault", text=text, hint=hint, code="E382")
    text = "it answers"
    if status == _UNAUTHORIZED and (challenge := headers.get("WWW-Authenticate", "")):
        text += f", as `{credentials.username}`" if credentials else ", anonymously"
        try:
            header = authorize(Challenge.parse(challenge), credentials, "", _token(machine))
        except EnvcError as error:
            return Finding.of(subject, error)
        if header is not None:
            status, _, reason = _ask(url, machine.environment, authorization=header)
    if status in (_UNAUTHORIZED, _FORBIDDEN):
        # Whoever only pulls from another registry does not need this one.
        state: State = "fault" if credentials else "warning"
        text = f"it wants {'other ' if credentials else ''}credentials"
        hint = f"run `docker login {host}`"
        return Finding(subject=subject, state=state, text=text, hint=hint, code="E380")
    if status != _HTTP_OK:
        text = f"it answers with status {status}" if status else f"it stopped to answer: {reason}"
        hint = "check that this is a registry, or try again later"
        return Finding(subject=subject, state="fault", text=text, hint=hint, code="E383")
    return Finding(subject=subject, state="ok", text=text)


def _token(machine: Machine) -> TokenSource:
    """Return what asks token servers on behalf of `authorize`."""

    def ask(
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None,
        form: Mapping[str, str] | None,
    ) -> dict[str, Any]:
        import requests

        with open_session(machine.environment) as session:
            try:
                response = session.request(
                    method,
                    url,
                    headers=dict(headers),
                    params=query,
                    data=form,
                    proxies=proxies_for(url, machine.environment),
                    timeout=_TIMEOUT_S,
                )
                answer = response.json() if response.status_code == _HTTP_OK else {}
            except requests.exceptions.RequestException:
                answer = {}
        return answer if isinstance(answer, dict) else {}

    return ask


def _ask(
    url: str, environment: Mapping[str, str], *, authorization: str = ""
) -> tuple[int | None, Mapping[str, str], str]:
    """Return a status, the headers, and, where there is no answer, why."""
    import requests

    headers = {"Authorization": authorization} if authorization else {}
    try:
        with (
            open_session(environment) as session,
            session.get(
                url,
                headers=headers,
                proxies=proxies_for(url, environment),
                timeout=_TIMEOUT_S,
                stream=True,
            ) as response,
        ):
            return response.status_code, response.headers, ""
    except requests.exceptions.RequestException as error:
        return None, {}, _without_password(root_cause(error))
    except ToolError as error:
        return None, {}, error.diagnostics[0].message


def _compare_clocks(date: str, name: str, now: float) -> Iterator[Finding]:
    try:
        theirs = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return
    skew_s = now - theirs
    if abs(skew_s) <= _SKEW_S:
        return
    side = "ahead of" if skew_s > 0 else "behind"
    yield Finding(
        subject="clock",
        state="warning",
        text=f"it is {abs(skew_s):.0f} s {side} that of {name}: certificates and tokens may be refused",
        hint="set it by the network: `timedatectl set-ntp true`",
    )


def _without_password(text: str) -> str:
    """Return a text without the user and the password of the addresses in it."""
    return re.sub(r"(://)[^/@\s]+@", r"\1", text)
