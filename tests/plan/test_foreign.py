"""What a build has to run on the platform that the image is for."""

from __future__ import annotations

from typing import Any

import pytest

from envc.lock.model import PlatformLock
from envc.plan.foreign import runs_on
from support.plans import conda_lock, conda_package, pip_lock, plan_of, wheel


def programs(
    spec: dict[str, Any], locked: PlatformLock, platform: str = "linux/arm64"
) -> list[str]:
    """Return what runs on a platform of a spec for both, where the builder is of amd64."""
    plan = plan_of(
        {"environment": "x", "platforms": ["linux/amd64", "linux/arm64"], **spec},
        {"linux/amd64": locked, "linux/arm64": locked},
    )
    return [" ".join(run.words) for run in runs_on(plan, platform, builder="linux/amd64")]


@pytest.mark.parametrize(
    "locked",
    [
        pip_lock(wheel("six")),
        conda_lock(conda_package("zlib")),
        conda_lock(conda_package("python"), pip=(wheel("six"),)),
    ],
)
def test_laying_packages_out_runs_nothing_on_their_platform(locked: PlatformLock) -> None:
    found = programs({}, locked)

    assert found == []


def test_steps_of_the_platform_run_there() -> None:
    spec = {
        "before_packages": [{"run": "id"}],
        "steps": [{"run": "true"}, {"run": "uname", "on": "linux/amd64"}],
    }

    found = programs(spec, pip_lock(wheel("six")))

    looked = "/bin/sh /mnt/envc/outline.sh 3.12  /etc/group /etc/passwd /home/envc /opt/env"
    assert found == ["/bin/sh /mnt/envc/step.sh id", looked, "/bin/sh /mnt/envc/step.sh true"]


def test_byte_code_that_the_tools_cannot_make_is_made_there() -> None:
    locked = pip_lock(wheel("six"))
    tools = locked.tools.model_copy(update={"python": "3.10.1"})

    found = programs({}, locked.model_copy(update={"tools": tools}))

    assert [words.split()[1] for words in found] == ["/mnt/envc/bytecode.py"]


def test_the_builders_own_platform_runs_what_lays_packages_out() -> None:
    found = programs({}, pip_lock(wheel("six")), "linux/amd64")

    assert [words.split()[1].rpartition("/")[2] for words in found] == [
        "tools.py",
        "wheels.py",
        "account.py",
        "assemble.py",
    ]
