"""Secrets in specs: whatever else is wrong on their line, neither people nor programs are told them."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.workspace import EnvcMain

SECRET = "hunter2"
SPECS = {
    "image": 'base: {{image: "{user}registry.example.com/pets:1"}}',
    "image with a scheme": 'base: {{image: "https://{user}registry.example.com/pets:1"}}',
    "registry": 'base: {{image: "pets:1", registry: "{user}registry.example.com"}}',
    "channel": "channels: ['https://{user}conda.example.com/pets']",
    "channel's token": "channels: ['https://conda.example.com/t/hunter2/pets']",
    "channel of a package": "conda: ['https://{user}conda.example.com/pets::numpy']",
    "index": "pip: {{indexes: [{{url: 'https://{user}pypi.example.com/simple'}}], packages: [six]}}",
    "page of links": "pip: {{find-links: ['https://{user}a.example.com/w'], packages: [six]}}",
    "address of a wheel": "pip: ['pets @ https://{user}a.example.com/pets-1.0-py3-none-any.whl']",
    "repository": "pip: ['pets @ git+https://{user}a.example.com/pets.git@v1']",
    "repository by ssh": "pip: ['pets @ git+ssh://{user}a.example.com/pets.git@v1']",
    "constraint": "pip: {{packages: [six], constraints: ['six @ https://{user}a.example.com/s.whl']}}",
    "step": "base: {{image: 'debian:12'}}\nsteps: [{{run: 'curl https://{user}a.example.com'}}]",
    "variable": "base: {{image: 'debian:12'}}\nvariables: {{URL: 'https://{user}a.example.com'}}",
    "an unknown key beside it": "channels: [{{nme: a, url: 'https://{user}c.example.com/pets'}}]",
    "keys": "base: {{image: 'debian:12', username: me, password: hunter2}}",
    "name of a secret": "pip: {{indexes: [{{url: 'https://a.example.com', secret: pypi-hunter2}}]}}",
    "named variable": "base: {{image: 'debian:12'}}\nvariables: {{API_TOKEN: hunter2, B_TOKEN: hunter2}}",
}
USERS = ("me:hunter2@", "hunter2@", "me:hun@hunter2@", "me:hunter2/x@")


CASES = [
    (place, user)
    for place in SPECS
    for user in USERS
    # What ssh logs in as is no secret, and what follows its host is a path.
    if place != "repository by ssh" or user in {"me:hunter2@", "me:hun@hunter2@"}
]


@pytest.mark.parametrize(("place", "user"), CASES)
def test_a_secret_in_a_spec_is_never_shown(
    envc: EnvcMain, folder: Path, place: str, user: str
) -> None:
    text = f"environment: pets\n{SPECS[place].format(user=user)}\n"
    (folder / "pets.yaml").write_text(text)

    drawn = envc("check", "pets.yaml")
    data = envc("check", "pets.yaml", "--json")

    told = drawn.out + drawn.err + data.out + data.err
    # Of a variable, only what is a password for sure is odd.
    assert '"code": "' in told or place == "variable"
    assert SECRET not in told
