"""What steps of a base's Dockerfile need is found on this machine, or told before anything is built."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from envc.build.held import explain_missing, find_agents, find_variables
from envc.dockerfile.need import Needs, needs_of
from envc.dockerfile.recipe import read_recipe
from envc.source import Source

TEXT = """\
FROM debian:12
RUN --mount=type=secret,id=my-token --mount=type=secret,id=LATER,required=false a
RUN --mount=type=ssh a
"""


def needs(text: str = TEXT) -> Needs:
    source = Source(name="Dockerfile", text=text)
    return needs_of(read_recipe(source, platforms=["linux/amd64"], target=None, place=None))


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The socket of somebody who listens; its path is short, wherever tests run."""
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("agent")
        yield "agent"


def test_secrets_are_in_variables_of_their_names(agent: str) -> None:
    environment = {"MY_TOKEN": "a", "LATER": "b", "SSH_AUTH_SOCK": agent}

    assert find_variables(needs(), environment) == {"my-token": "MY_TOKEN", "LATER": "LATER"}
    assert find_agents(needs(), environment) == ("default",)
    assert list(explain_missing(needs(), environment)) == []


def test_what_is_missing_is_told_at_the_step_that_needs_it(tmp_path: Path) -> None:
    environment = {"my_token": "", "SSH_AUTH_SOCK": str(tmp_path / "gone")}

    found = list(explain_missing(needs(), environment))

    assert [(one.code, one.message) for one in found] == [
        ("E556", "a step of the base needs the secret `my-token`, which is not set"),
        (
            "E557",
            f"a step of the base needs an SSH agent, and there is none: `{tmp_path}/gone` is no socket",
        ),
    ]
    assert [one.labels[0].span.position.line for one in found] == [2, 3]
    assert find_variables(needs(), environment) == {"my-token": "my_token"}


def test_what_steps_can_do_without_is_not_told(agent: str) -> None:
    optional = needs(TEXT.replace("type=ssh", "type=ssh,required=false"))

    assert [one.code for one in explain_missing(optional, {"my_token": "a"})] == []
    assert find_agents(optional, {}) == ()
    assert find_agents(optional, {"SSH_AUTH_SOCK": agent}) == ("default",)
    assert find_agents(needs("FROM debian:12\n"), {"SSH_AUTH_SOCK": agent}) == ()
