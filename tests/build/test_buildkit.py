"""Builds by the real engine: what they give, and how they fail."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from envc.build.buildkit import (
    BuildRequest,
    BuildResult,
    SecretFile,
    SecretSource,
    SecretVariable,
    build,
)
from envc.build.report.event import BuildEvent, StepLog
from envc.diagnostics import Diagnostic
from envc.errors import EnvcError, InputError, ToolError
from envc.source import Source
from support.engine import EngineWorld
from support.http_server import serve_folder

EPOCH = 1_700_000_000
SPEC = Source(name="pets.envc", text='run "false"\n')


def request(
    folder: Path,
    dockerfile: str,
    *,
    tag: str = "envc-test:1",
    environment: Mapping[str, str] | None = None,
    secrets: Mapping[str, SecretSource] | None = None,
) -> BuildRequest:
    context = folder / "context"
    context.mkdir(exist_ok=True)
    (context / "Dockerfile").write_text(dockerfile)
    return BuildRequest(
        context=context,
        tag=tag,
        platform="linux/amd64",
        epoch=EPOCH,
        log=folder / "logs" / "build.log",
        environment=environment if environment is not None else dict(os.environ),
        secrets=secrets or {},
        origins={2: SPEC.span(0, 11)},
    )


def quietly(wanted: BuildRequest, **options: Any) -> BuildResult:
    return build(wanted, lambda _: None, **options)


def program(folder: Path, script: str) -> dict[str, str]:
    """Put a program `docker` there and return an environment that has no other."""
    path = folder / "bin" / "docker"
    path.parent.mkdir()
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return {"PATH": str(path.parent)}


def only(error: EnvcError) -> Diagnostic:
    (diagnostic,) = error.diagnostics
    return diagnostic


def test_secrets_that_are_not_given_are_all_named_before_anything_runs(tmp_path: Path) -> None:
    secrets: dict[str, SecretSource] = {
        "A": SecretVariable(variable="A_TOKEN"),
        "B": SecretVariable(variable="B_TOKEN"),
        "C": SecretFile(path=tmp_path / "absent.pem"),
    }
    environment = program(tmp_path, "exit 99") | {"B_TOKEN": "given"}

    with pytest.raises(InputError) as caught:
        quietly(request(tmp_path, "FROM x\n", environment=environment, secrets=secrets))

    assert [(found.code, found.message) for found in caught.value.diagnostics] == [
        ("E615", "the build needs the secret `A`"),
        ("E615", "the build needs the secret `C`"),
    ]


def test_without_the_docker_program_the_error_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ToolError) as caught:
        quietly(request(tmp_path, "FROM x\n", environment={"PATH": str(tmp_path)}))

    assert only(caught.value).code == "E605"


def test_without_buildx_the_error_says_what_to_install(tmp_path: Path) -> None:
    environment = program(tmp_path, "echo 'unknown flag: --progress' >&2; exit 125")

    with pytest.raises(ToolError) as caught:
        quietly(request(tmp_path, "FROM x\n", environment=environment))

    assert only(caught.value).code == "E606"
    assert (tmp_path / "logs" / "build.log").read_text() == "unknown flag: --progress\n"


def test_the_command_fixes_what_the_digest_depends_on(tmp_path: Path) -> None:
    record = tmp_path / "record"
    environment = program(tmp_path, f'printf "%s\\n" "$@" >{record}; exit 1')
    (tmp_path / "ca,1.pem").write_text("")
    wanted = replace(
        request(
            tmp_path,
            "FROM x\n",
            environment={**environment, "TOKEN": "hunter2"},
            secrets={
                "TOKEN": SecretVariable(variable="TOKEN"),
                "ca": SecretFile(path=tmp_path / "ca,1.pem"),
            },
        ),
        build_args={"B": "2", "SOURCE_DATE_EPOCH": "5"},
        network="host",
        no_cache=True,
    )

    with pytest.raises(ToolError):
        quietly(wanted)

    words = [
        word if not word.startswith("--metadata-file=") else "--metadata-file"
        for word in record.read_text().splitlines()
    ]
    assert words == [
        "buildx",
        "build",
        "--progress=rawjson",
        "--output=type=docker,name=envc-test:1,oci-mediatypes=true,compression=gzip,"
        "force-compression=true",
        "--provenance=false",
        "--sbom=false",
        "--platform=linux/amd64",
        "--metadata-file",
        "--build-arg",
        "B=2",
        "--build-arg",
        f"SOURCE_DATE_EPOCH={EPOCH}",
        "--secret",
        "id=TOKEN,env=TOKEN",
        "--secret",
        f'id=ca,"src={tmp_path}/ca,1.pem"',
        "--network=host",
        "--no-cache",
        "--",
        str(tmp_path / "context"),
    ]


@pytest.mark.engine
def test_two_builds_without_a_cache_give_the_same_digest(
    world: EngineWorld, tmp_path: Path
) -> None:
    dockerfile = (
        f"FROM {world.base} AS made\n"
        "RUN mkdir -p /out/opt && date +%s%N >/dev/null && echo a >/out/opt/a"
        f" && find /out -exec touch -hd @{EPOCH} {{}} +\n"
        f"FROM {world.base}\n"
        "COPY --link --from=made /out/ /\n"
        "LABEL kind=pets\n"
    )
    with world.name() as name:
        wanted = replace(request(tmp_path, dockerfile, tag=name), no_cache=True)

        first, second = quietly(wanted), quietly(wanted)

        found = world.engine.find(name)

    assert first.digest == second.digest
    assert (first.image, first.cached_steps, first.total_steps) == (name, 0, 2)
    assert found is not None
    assert first.digest in (found.id, found.digest)
    assert (found.size_bytes, found.labels) == (first.size_bytes, {"kind": "pets"})


@pytest.mark.engine
def test_a_build_of_nothing_new_is_cached_throughout(world: EngineWorld, tmp_path: Path) -> None:
    with world.name() as name:
        wanted = request(tmp_path, f"FROM {world.base}\nRUN true\nRUN echo a >/a\n", tag=name)
        quietly(wanted)

        again = quietly(wanted)

    assert (again.cached_steps, again.total_steps) == (2, 2)


@pytest.mark.engine
def test_a_secret_reaches_its_step_and_not_the_log(world: EngineWorld, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("certificate")
    dockerfile = (
        f"FROM {world.base}\n"
        "RUN --mount=type=secret,id=token,required=true --mount=type=secret,id=ca,required=true "
        'test "$(cat /run/secrets/token)" = hunter2 && grep -q certificate /run/secrets/ca\n'
    )
    with world.name() as name:
        quietly(
            request(
                tmp_path,
                dockerfile,
                tag=name,
                environment={**os.environ, "MY_TOKEN": "hunter2"},
                secrets={
                    "token": SecretVariable(variable="MY_TOKEN"),
                    "ca": SecretFile(path=tmp_path / "ca.pem"),
                },
            )
        )

    log = (tmp_path / "logs" / "build.log").read_text()
    assert "exporting to image" in log
    assert "MY_TOKEN" not in log


@pytest.mark.engine
def test_a_step_that_fails_is_shown_at_the_specs_line_and_leaves_no_image(
    world: EngineWorld, tmp_path: Path
) -> None:
    events: list[BuildEvent] = []
    with world.name() as name, pytest.raises(InputError) as caught:
        build(
            request(tmp_path, f"FROM {world.base}\nRUN echo last words; exit 9\n", tag=name),
            events.append,
        )

    diagnostic = only(caught.value)
    assert diagnostic.code == "E610"
    assert diagnostic.message.endswith("failed with exit code 9")
    assert [str(label.span) for label in diagnostic.labels] == ["pets.envc:1:1"]
    assert "its last lines:\nlast words" in diagnostic.notes
    assert [event.text for event in events if isinstance(event, StepLog)] == ["last words"]
    assert "last words" in (tmp_path / "logs" / "build.log").read_text()
    assert world.engine.find(name) is None


@pytest.mark.engine
@pytest.mark.parametrize(("path", "code"), [("six.whl", "E611"), ("absent.whl", "E612")])
def test_a_changed_artefact_and_a_missing_one_are_told_apart(
    world: EngineWorld, tmp_path: Path, path: str, code: str
) -> None:
    (tmp_path / "six.whl").write_text("not the wheel that was locked")

    with serve_folder(tmp_path) as site:
        url = f"{site}/{path}"
        dockerfile = f"FROM scratch\nADD --checksum=sha256:{'a' * 64} {url} /x\n"
        with pytest.raises(ToolError) as caught:
            quietly(request(tmp_path, dockerfile))

    diagnostic = only(caught.value)
    assert (diagnostic.code, diagnostic.notes[0]) == (code, f"from {url}")
    assert [str(label.span) for label in diagnostic.labels] == ["pets.envc:1:1"]


@pytest.mark.engine
def test_a_base_that_is_gone_is_named(world: EngineWorld, tmp_path: Path) -> None:
    image = f"{world.registry}/absent@sha256:{'a' * 64}"

    with pytest.raises(InputError) as caught:
        quietly(request(tmp_path, f"FROM {image}\n"))

    diagnostic = only(caught.value)
    assert diagnostic.code == "E613"
    assert diagnostic.message == f"the image `{image}` is not there any more"


@pytest.mark.engine
def test_an_engine_that_is_not_there_is_told(world: EngineWorld, tmp_path: Path) -> None:
    environment = {**world.environment, "DOCKER_HOST": f"unix://{tmp_path}/docker.sock"}

    with pytest.raises(ToolError) as caught:
        quietly(request(tmp_path, "FROM scratch\n", environment=environment))

    assert only(caught.value).code == "E601"


@pytest.mark.engine
def test_an_image_that_a_builder_kept_to_itself_is_told(world: EngineWorld, tmp_path: Path) -> None:
    script = (
        "for word; do case $word in --metadata-file=*) file=${word#*=};; esac; done; "
        'echo \'{"containerimage.digest": "sha256:0"}\' >"$file"'
    )
    environment = {**world.environment, **program(tmp_path, script), "HOME": str(tmp_path)}

    with pytest.raises(ToolError) as caught:
        quietly(
            request(tmp_path, "FROM scratch\n", tag="envc-test-kept:1", environment=environment)
        )

    assert only(caught.value).code == "E618"


def test_a_log_that_cannot_be_written_is_told_before_anything_is_built(tmp_path: Path) -> None:
    asked = replace(request(tmp_path, "FROM scratch\n"), log=tmp_path)

    with pytest.raises(ToolError) as caught:
        build(asked, lambda _: None)

    [problem] = caught.value.diagnostics
    assert (problem.code, problem.message, problem.hint) == (
        "E553",
        f"`{tmp_path}` cannot be written: is a directory",
        "name another file with `--log`",
    )
