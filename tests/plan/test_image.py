"""The image's stage: its config, in the order and the form in which a reviewer would write it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from envc.lock.model import PlatformLock
from envc.plan.instruction import Copy, Healthcheck, Run, Workdir
from envc.render.dockerfile import render
from envc.resources import read_templates
from support.plans import BARE, conda_lock, conda_package, pip_lock, plan_of, wheel


def lines_of(locked: PlatformLock | None = None, **fields: Any) -> list[str]:
    """Return the lines of the image's stage from its USER on, without envc's own labels."""
    data = {"environment": "x", "workdir": "/", **fields}
    plan = plan_of(data, {"linux/amd64": locked or pip_lock(wheel("six"))})
    text = render(plan, read_templates()).text
    stage = text[text.index("FROM system AS image\n") :]
    return stage[stage.index("USER ") : stage.index("LABEL dev.envc")].splitlines()


def healthcheck_of(locked: PlatformLock, check: Any) -> Healthcheck:
    plan = plan_of({"environment": "x", "healthcheck": check}, {"linux/amd64": locked})
    (found,) = [i for i in plan.stages[-1].instructions if isinstance(i, Healthcheck)]
    return found


def test_metadata_is_written_as_a_reviewer_would() -> None:
    lines = lines_of(
        labels={"org.opencontainers.image.title": "Pets", "a": "$x"},
        ports=["9000/udp", "8080/tcp", "80"],
        volumes=["/models/", "/data $x"],
        healthcheck={"run": "curl -f http://localhost/ || exit 1", "start": "90s"},
        stopsignal="SIGINT",
    )

    assert lines == [
        "USER 1000:1000",
        "EXPOSE 80 8080 9000/udp",
        'VOLUME ["/data \\\\$x", "/models"]',
        "HEALTHCHECK --interval=30s --timeout=30s --start-period=90s --retries=3 \\",
        '    CMD ["/bin/sh", "-ec", "curl -f http://localhost/ || exit 1"]',
        "STOPSIGNAL SIGINT",
        'CMD ["python"]',
        'LABEL a="\\$x" \\',
        "      org.opencontainers.image.title=Pets",
    ]


def test_what_a_spec_does_not_say_is_not_written() -> None:
    assert lines_of() == ["USER 1000:1000", 'CMD ["python"]']


@pytest.mark.parametrize(
    ("locked", "fields", "expected"),
    [
        (pip_lock(), {"entrypoint": []}, ["ENTRYPOINT []", 'CMD ["python"]']),
        (pip_lock(), {"entrypoint": [], "command": []}, ["ENTRYPOINT []", "CMD []"]),
        (pip_lock(), {"entrypoint": ["a"], "command": []}, ['ENTRYPOINT ["a"]', "CMD []"]),
        (BARE, {"entrypoint": []}, ["ENTRYPOINT []", 'CMD ["/bin/sh"]']),
        (
            conda_lock(conda_package("python")),
            {"entrypoint": []},
            ['ENTRYPOINT ["/opt/env/bin/envc-activate"]', 'CMD ["python"]'],
        ),
    ],
)
def test_an_entrypoint_and_a_command_can_be_taken_away(
    locked: PlatformLock, fields: dict[str, Any], expected: list[str]
) -> None:
    assert lines_of(locked, **fields)[1:] == expected


def test_a_health_check_can_be_taken_away() -> None:
    assert lines_of(healthcheck="none")[1] == "HEALTHCHECK NONE"


@pytest.mark.parametrize(
    ("written", "expected"),
    [("1ms", "1ms"), ("90s", "90s"), ("3600s", "1h"), ("1h0m1s", "3601s"), ("1001ms", "1001ms")],
)
def test_a_duration_is_written_in_one_way(written: str, expected: str) -> None:
    found = healthcheck_of(pip_lock(), {"run": "true", "interval": written})

    assert found.options == (("interval", expected), ("timeout", "30s"), ("retries", "3"))


def test_a_health_check_sees_what_conda_packages_activate() -> None:
    locked = conda_lock(conda_package("python"))

    found = healthcheck_of(locked, {"run": ["python", "-c", "import pets"]})

    assert found.words == ("/opt/env/bin/envc-activate", "python", "-c", "import pets")
    assert healthcheck_of(locked, "none").words == ()


@pytest.mark.parametrize(
    ("user", "is_made"), [("1000", True), ("1:2", True), ("root", False), ("www-data", False)]
)
def test_the_folder_of_a_volume_is_made_for_a_user_that_is_made(
    user: str, *, is_made: bool
) -> None:
    data = {"environment": "x", "user": user, "volumes": ["/my data"]}

    plan = plan_of(data, {"linux/amd64": BARE})

    (system,) = [stage for stage in plan.stages if stage.name == "system"]
    (run,) = system.instructions
    assert isinstance(run, Run)
    assert ("'/my data'" in run.words[-1]) is is_made


def test_the_first_layer_of_an_environment_makes_the_user_and_its_folders() -> None:
    data = {"environment": "x", "user": "7:8", "workdir": "/app", "volumes": ["/my data"]}

    plan = plan_of(data, {"linux/amd64": pip_lock()})

    assert [stage.instructions for stage in plan.stages if stage.name == "system"] == [()]
    (file,) = [file for file in plan.files if file.path == "layers/account.json"]
    assert json.loads(file.content or b"") == {
        "folders": ["/app", "/my data"],
        "gid": 8,
        "home": "/home/envc",
        "name": "envc",
        "uid": 7,
    }
    first, second, *_ = plan.stages[-1].instructions
    assert (first, second) == (
        Copy(stage="account", source="/envc/layer/tree/", to="/", link=True),
        Workdir(path="/app"),
    )


@pytest.mark.parametrize("user", ["root", "www-data"])
def test_an_environment_makes_no_account_for_a_user_of_the_bases(user: str) -> None:
    plan = plan_of({"environment": "x", "user": user}, {"linux/amd64": pip_lock()})

    (file,) = [file for file in plan.files if file.path == "layers/environment.json"]
    assert json.loads(file.content or b"")["user"] == user
    assert "account" not in [stage.name for stage in plan.stages]
    assert isinstance(plan.stages[-1].instructions[0], Workdir)


@pytest.mark.parametrize("user", ["root", "www-data"])
def test_docker_never_makes_the_folder_in_which_commands_start(user: str) -> None:
    data = {"environment": "x", "user": user, "workdir": "/srv/app", "volumes": ["/data"]}

    plan, bare = (plan_of(data, {"linux/amd64": one}) for one in (pip_lock(), BARE))

    (file,) = [file for file in plan.files if file.path == "layers/account.json"]
    assert json.loads(file.content or b"") == {
        "folders": ["/srv/app"],
        "gid": 0,
        "home": None,
        "name": None,
        "uid": 0,
    }
    assert [type(one) for one in plan.stages[-1].instructions[:2]] == [Copy, Workdir]
    (system,) = [stage for stage in bare.stages if stage.name == "system"]
    check, make = system.instructions
    assert isinstance(check, Run)
    assert isinstance(make, Run)
    assert (check.words[0], make.words[-1]) == ("id", "mkdir -p -- /srv/app")
    assert make.words[:4] == ("/bin/sh", "-c", '[ -d "$0" ] || exec "$@"', "/srv/app")


@pytest.mark.parametrize("workdir", ["/", "/app", "/app/", "/srv/../app"])
def test_a_folder_at_the_top_needs_no_layer(workdir: str) -> None:
    data = {"environment": "x", "user": "root", "workdir": workdir}

    plan = plan_of(data, {"linux/amd64": pip_lock()})

    assert "account" not in [stage.name for stage in plan.stages]


def test_one_layer_of_all_has_the_account_too() -> None:
    plan = plan_of({"environment": "x", "layers": "1"}, {"linux/amd64": pip_lock(wheel("six"))})

    (whole,) = [stage for stage in plan.stages if stage.name == "whole"]
    assert [one.stage for one in whole.instructions if isinstance(one, Copy)] == [
        "account",
        "pip-1",
        "environment",
    ]
    assert [type(one) for one in plan.stages[-1].instructions[:2]] == [Copy, Workdir]
