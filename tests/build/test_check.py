"""Checks in real images."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import docker
import pytest

from envc.build.buildkit import BuildRequest, build
from envc.build.checks.claim import Checks, Command, Installed
from envc.build.checks.run import Checked, check
from envc.errors import ToolError
from envc.plan.account import account
from envc.source import Source
from support.elf import make_library
from support.engine import EngineWorld

pytestmark = pytest.mark.engine

SPEC = Source(name="pets.envc", text="check { import json, nosuch }\n")
SPAN = SPEC.span(21, 27)


@contextmanager
def image(world: EngineWorld, folder: Path, dockerfile: str) -> Iterator[str]:
    """Build a Dockerfile, and give the image's name; it is gone afterwards."""
    (folder / "Dockerfile").write_text(dockerfile)
    with world.name() as name:
        wanted = BuildRequest(
            context=folder,
            tag=name,
            platform="linux/amd64",
            epoch=1,
            log=folder / "log",
            environment=dict(os.environ),
        )
        build(wanted, lambda _: None)
        yield name


def codes(checked: Checked) -> list[tuple[str, str]]:
    return [(one.code, one.message) for one in (*checked.problems, *checked.warnings)]


def test_checks_that_hold_tell_nothing(world: EngineWorld) -> None:
    commands = (
        Command(text="true && python -c 'print(1)'"),
        Command(text="test ! -e /sys/class/net/eth0"),
        Command(text="echo pets; echo 1.0 >&2", prints="pets\n1.0"),
    )

    found = check(
        world.engine, world.python_base, Checks(imports={"json": None}, commands=commands)
    )

    assert found == Checked()


def test_each_check_that_fails_is_a_diagnostic_of_its_own(world: EngineWorld) -> None:
    checks = Checks(
        imports={"json": None, "nosuch": SPAN},
        commands=(
            Command(text="echo before; false; echo after"),
            Command(text="exit 3", prints="anything"),
        ),
    )

    found = check(world.engine, world.python_base, checks).problems

    assert [(problem.code, problem.message) for problem in found] == [
        ("E620", "`nosuch` cannot be imported"),
        ("E621", "the check `echo before; false; echo after` failed with exit code 1"),
        ("E621", "the check `exit 3` failed with exit code 3"),
    ]
    assert [label.span for label in found[0].labels] == [SPAN]
    assert found[0].notes[0].endswith("ModuleNotFoundError: No module named 'nosuch'")
    assert found[1].notes == ("its last lines:\nbefore",)


def test_a_command_that_prints_something_else_is_shown_with_what_it_prints(
    world: EngineWorld,
) -> None:
    commands = (
        Command(text="echo 0.9", prints="1.0", prints_origin=SPAN),
        Command(text=":", prints="a\nb"),
    )

    other, nothing = check(world.engine, world.base, Checks(commands=commands)).problems

    assert other.message == "the check `echo 0.9` does not print what the spec says"
    assert [label.span for label in other.labels] == [SPAN]
    assert other.notes == ("it should print:\n1.0", "its last lines:\n0.9")
    assert (other.code, nothing.code) == ("E623", "E623")
    assert nothing.notes == ("it should print:\na\nb", "it printed nothing")


def test_imports_use_the_python_that_is_named(world: EngineWorld) -> None:
    checks = Checks(imports={"json": None}, python="/opt/py/bin/python")

    (found,) = check(world.engine, world.python_base, checks).problems

    assert found.code == "E620"
    assert "/opt/py/bin/python" in found.notes[0]


def test_an_import_in_an_image_without_python_fails(world: EngineWorld) -> None:
    (found,) = check(world.engine, world.base, Checks(imports={"json": None})).problems

    assert found.code == "E620"
    assert "python" in found.notes[0]


def test_checks_run_as_the_images_user_with_its_variables_and_without_its_entrypoint(
    world: EngineWorld, tmp_path: Path
) -> None:
    dockerfile = (
        f'FROM {world.base}\nENV A="b c"\nUSER 1234\nWORKDIR /srv\nENTRYPOINT ["/bin/false"]\n'
    )
    command = Command(text='echo "$(id -u) $(pwd) $A"', prints="1234 /srv b c")
    with image(world, tmp_path, dockerfile) as name:
        found = check(world.engine, name, Checks(commands=(command,)))

    assert found == Checked()


def test_an_image_without_a_shell_cannot_be_checked(world: EngineWorld, tmp_path: Path) -> None:
    with image(world, tmp_path, "FROM scratch\nCOPY Dockerfile /\n") as name:
        asked = check(world.engine, name, Checks(commands=(Command(text="true"),)))
        unasked = check(world.engine, name, Checks())

    assert codes(asked) == [("E622", f"the checks cannot run: `{name}` has no `/bin/sh`")]
    assert codes(unasked) == [("W627", f"`{name}` is not checked: it has no `/bin/sh`")]


def test_an_image_for_another_machine_is_said_not_to_be_checked(
    world: EngineWorld, tmp_path: Path
) -> None:
    (tmp_path / "sh").write_bytes(make_library(machine=183))
    (tmp_path / "sh").chmod(0o755)
    with image(world, tmp_path, "FROM scratch\nCOPY sh /bin/sh\n") as name:
        found = check(world.engine, name, Checks(imports={"json": None}))

    assert codes(found) == [
        ("W627", f"`{name}` is not checked: the engine cannot run programs for its platform")
    ]


def test_a_check_that_takes_too_long_is_the_last(world: EngineWorld) -> None:
    commands = (
        Command(text="false"),
        Command(text="echo begun; sleep 600", origin=SPAN),
        Command(text="false"),
    )

    found = check(world.engine, world.base, Checks(commands=commands, timeout_s=1.5))

    assert codes(found) == [
        ("E621", "the check `false` failed with exit code 1"),
        ("E628", "the check `echo begun; sleep 600` took longer than 1.5 s"),
    ]
    assert [label.span for label in found.problems[1].labels] == [SPAN]


def test_a_container_that_is_killed_meanwhile_is_told(world: EngineWorld, tmp_path: Path) -> None:
    client = docker.from_env()
    found: list[ToolError] = []

    def run(name: str) -> None:
        checks = Checks(commands=(Command(text="sleep 600"), Command(text="true")))
        try:
            check(world.engine, name, checks)
        except ToolError as error:
            found.append(error)

    with image(world, tmp_path, f"FROM {world.base}\nENV A={tmp_path.name}\n") as name:
        thread = threading.Thread(target=run, args=(name,))
        thread.start()
        while not _has_begun(client, name):
            pass
        for container in client.containers.list(filters={"ancestor": name}):
            container.kill()
        thread.join()
    client.close()

    [error] = found
    [problem] = error.diagnostics
    assert (problem.code, problem.notes) == ("E629", ("it was killed",))
    assert problem.message == f"the container that checks `{name}` ended before its checks"


def _has_begun(client: docker.DockerClient, name: str) -> bool:
    for container in client.containers.list(filters={"ancestor": name}):
        processes = container.top()["Processes"] or []
        return any("sleep 600" in " ".join(row) for row in processes)
    return False


@pytest.fixture
def environment(world: EngineWorld, tmp_path: Path) -> Iterator[str]:
    """An image with an environment in which much is wrong."""
    files: dict[str, str | bytes] = {
        "pets/__init__.py": "from pets import _ext",
        "pets/_ext.abi3.so": make_library(needed=["libGL.so.1"]),
        "pets-1.0.dist-info/METADATA": "Name: pets\nVersion: 1.0\nRequires-Dist: cats>=2\n",
        "pets-1.0.dist-info/RECORD": "pets/__init__.py,,\npets/_ext.abi3.so,,\n",
        "cats/__init__.py": "",
        "cats/_gui.abi3.so": make_library(needed=["libnosuch.so"]),
        "cats-1.0.dist-info/METADATA": "Name: cats\nVersion: 1.0\nRequires-Dist: mice\n",
        "cats-1.0.dist-info/RECORD": "cats/__init__.py,,\ncats/_gui.abi3.so,,\n",
    }
    for path, content in files.items():
        place = tmp_path / "site" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
    dockerfile = f"""\
FROM {world.python_base}
RUN python3 -m venv --without-pip /opt/env && mkdir /srv/work && ln -sf python3 /usr/bin/python
COPY site /opt/env/lib/python3.11/site-packages
RUN echo "envc:x:1000:1000::/home/envc:/bin/sh" >>/etc/passwd && mkdir -m 755 /home/envc
WORKDIR /srv/work
USER 1000:1000
"""
    with image(world, tmp_path, dockerfile) as name:
        yield name


def test_what_envc_itself_looks_at_is_told_in_one_go(world: EngineWorld, environment: str) -> None:
    checks = Checks(
        account=account("1000:1000"),
        workdir="/srv/work",
        installed=Installed(python="3.12.7", wheels=("pets",)),
    )

    found = check(world.engine, environment, checks)

    assert codes(found) == [
        ("E626", "the user `1000:1000` cannot write to its home `/home/envc`"),
        ("E627", "`python` is `/usr/bin/python`, and not the environment's `/opt/env/bin/python`"),
        ("E624", "`pets 1.0` needs `cats>=2`, but `cats 1.0` is installed"),
        ("E625", "`pets` cannot be imported: `libGL.so.1` is missing"),
        ("W626", "the user `1000:1000` cannot write to the workdir `/srv/work`"),
        ("W624", "`cats 1.0` needs `mice`, but it is not installed"),
        (
            "W625",
            "`cats 1.0` has files that need the library `libnosuch.so`, which the image lacks",
        ),
    ]


def test_an_import_that_the_spec_checks_is_told_once_and_knows_its_package(
    world: EngineWorld, environment: str
) -> None:
    checks = Checks(
        imports={"pets": SPAN},
        python="/opt/env/bin/python",
        installed=Installed(python="3.12.7", allowed=("libnosuch.so",)),
    )

    found = check(world.engine, environment, checks)

    assert [code for code, _ in codes(found)] == ["E620", "E627", "W624"]
    assert found.problems[0].hint == "add `libgl1` to `system`, or take a base that has it"


def test_a_user_without_an_account_is_told(world: EngineWorld, tmp_path: Path) -> None:
    with image(world, tmp_path, f"FROM {world.base}\nUSER 1234\nWORKDIR /tmp\n") as name:
        found = check(world.engine, name, Checks(account=account("1234"), workdir="/tmp"))

    assert codes(found) == [("E626", "the image has no account for its user `1234:1234`")]


def test_a_path_without_the_programs_of_the_base_is_told(
    world: EngineWorld, tmp_path: Path
) -> None:
    text = f"FROM {world.base}\nENV PATH=/x HOME=/tmp\nUSER nobody\nWORKDIR /tmp\n"
    with image(world, tmp_path, text) as name:
        found = check(world.engine, name, Checks(account=account("65534"), workdir="/tmp"))

    text = "the programs of the base are not on the image's `PATH`, which is `/x`: there is no `id`"
    assert ("E626", text) in codes(found)
    assert not any("has no account" in message for _, message in codes(found))


def test_a_python_that_cannot_tell_what_is_installed_is_told(
    world: EngineWorld, tmp_path: Path
) -> None:
    dockerfile = (
        f"FROM {world.python_base}\n"
        "RUN mkdir -p /opt/env/bin && printf '#!/bin/sh\\necho broken\\n' >/opt/env/bin/python "
        "&& chmod 755 /opt/env/bin/python\nENV PATH=/opt/env/bin:/usr/bin:/bin\n"
    )
    with image(world, tmp_path, dockerfile) as name:
        found = check(world.engine, name, Checks(installed=Installed(python="3.12.7")))

    assert codes(found) == [
        ("E627", "the environment's `/opt/env/bin/python` cannot tell what is installed")
    ]
    assert found.problems[0].notes == ("its last lines:\nbroken",)


def test_the_packages_of_an_old_python_are_not_looked_at_and_that_is_said(
    world: EngineWorld, tmp_path: Path
) -> None:
    dockerfile = (
        f"FROM {world.python_base}\nRUN mkdir -p /opt/env/bin && ln -s $(command -v python3) "
        "/opt/env/bin/python\nENV PATH=/opt/env/bin:/usr/bin:/bin\n"
    )
    with image(world, tmp_path, dockerfile) as name:
        found = check(world.engine, name, Checks(installed=Installed(python="3.7.16")))

    assert found.problems == ()
    assert [(one.code, one.message) for one in found.warnings] == [
        (
            "W627",
            "installed packages are not looked at: that takes Python 3.8, and this is 3.7.16",
        )
    ]


ACTIVATE = "/usr/local/bin/activate"


def activating(base: str, script: str) -> str:
    """Return a Dockerfile of an image with a program that activates; its lines have no quotes."""
    return f"FROM {base}\nRUN printf '{script}' > {ACTIVATE} && chmod 755 {ACTIVATE}\n"


def test_checks_see_what_is_activated(world: EngineWorld, tmp_path: Path) -> None:
    script = '#!/bin/sh\\nexport PETS=cats PYTHONPATH=/x\\nexec "$@"\\n'
    dockerfile = activating(world.python_base, script) + "RUN mkdir /x && touch /x/pets.py\n"
    commands = (Command(text="echo $PETS", prints="cats"),)
    checks = Checks(imports={"pets": None}, commands=commands, activation=(ACTIVATE,))

    with image(world, tmp_path, dockerfile) as name:
        found = check(world.engine, name, checks)
        without = check(world.engine, name, replace(checks, activation=()))

    assert found == Checked()
    assert [code for code, _ in codes(without)] == ["E620", "E623"]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("#!/bin/sh\\necho no licence >&2\\nexit 3\\n", ("its last lines:\nno licence",)),
        ("#!/bin/sh\\nexit 0\\n", ()),
    ],
    ids=["it fails", "it forgets what to start"],
)
def test_an_activation_that_starts_nothing_is_the_only_problem_told(
    world: EngineWorld, tmp_path: Path, script: str, said: tuple[str, ...]
) -> None:
    checks = Checks(commands=(Command(text="false"),), activation=(ACTIVATE,))

    with image(world, tmp_path, activating(world.base, script)) as name:
        (problem,) = check(world.engine, name, checks).problems

    assert (problem.code, problem.notes) == ("E608", said)
    assert problem.message.endswith(": what activates its Conda packages fails")


def test_an_activation_needs_a_shell(world: EngineWorld, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    checks = Checks(activation=(ACTIVATE,))

    with image(world, tmp_path, "FROM scratch\nCOPY file /\n") as name:
        (problem,) = check(world.engine, name, checks).problems

    assert problem.message == f"nothing can start in `{name}`: it has no `/bin/sh`"
