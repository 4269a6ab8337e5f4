"""What the steps of a base's Dockerfile need of whoever builds: where it comes from on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from envc.diagnostics import Diagnostic
from envc.dockerfile.mount import AGENT, Held
from envc.dockerfile.need import Needs, variables_of

__all__ = ["explain_missing", "find_agents", "find_variables"]

_SOCKET = "SSH_AUTH_SOCK"


def find_variables(needs: Needs, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables that hold secrets, by the ids that steps mount these under.

    One that no variable holds is left out where steps can do without.
    """
    found: dict[str, str] = {}
    for one in needs.secrets:
        names = variables_of(one.id)
        held = next((name for name in names if environment.get(name)), None)
        if held is not None or one.required:
            found[one.id] = held or names[0]
    return found


def find_agents(needs: Needs, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the ids of the agents of SSH that steps are to reach."""
    if needs.agent is None or not (needs.agent.required or _has_agent(environment)):
        return ()
    return (AGENT,)


def explain_missing(needs: Needs, environment: Mapping[str, str]) -> Iterator[Diagnostic]:
    """Yield what steps cannot do without and nobody has: a secret (E556), an agent of SSH (E557)."""
    for one in needs.secrets:
        if one.required and not any(environment.get(name) for name in variables_of(one.id)):
            yield _explain_secret(one)
    if needs.agent is not None and needs.agent.required and not _has_agent(environment):
        yield _explain_agent(needs.agent, environment.get(_SOCKET))


def _has_agent(environment: Mapping[str, str]) -> bool:
    place = environment.get(_SOCKET)
    return place is not None and Path(place).is_socket()


def _explain_secret(held: Held) -> Diagnostic:
    named = " or ".join(f"`{name}`" for name in variables_of(held.id))
    return Diagnostic.at(
        held.span,
        "E556",
        f"a step of the base needs the secret `{held.id}`, which is not set",
        hint=f"set the environment variable {named}; a mount with `required=false` can do without",
    )


def _explain_agent(held: Held, place: str | None) -> Diagnostic:
    reason = f"`{place}` is no socket" if place else f"`{_SOCKET}` is not set"
    return Diagnostic.at(
        held.span,
        "E557",
        f"a step of the base needs an SSH agent, and there is none: {reason}",
        hint='run `eval "$(ssh-agent)"` and `ssh-add`; a mount with `required=false` can do without',
    )
