"""The real engine looked up, named and looked into; and engines that are not there."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from envc.engine.docker import Engine
from envc.engine.foreground import (
    CommandMissingError,
    CommandRefusedError,
    FolderMount,
    RunOptions,
    Streams,
    VolumeMount,
)
from envc.errors import EnvcError, InputError, ToolError
from envc.platform import PLATFORMS
from envc.process import Completed
from envc.reference import ImageReference
from envc.source import Source
from envc.spec.argument import ARGUMENTS as LANGUAGE
from support.engine import EngineWorld
from support.http_server import LoopbackServer, QuietHandler

AMD64 = PLATFORMS["linux/amd64"]
SPAN = Source(name="pets.envc", text="runtime { gpus all }\n").span(0, 7)


def only_code(error: EnvcError) -> str:
    (diagnostic,) = error.diagnostics
    return diagnostic.code


def output(
    world: EngineWorld, *command: str, stdin: bytes | None = None, **options: Any
) -> tuple[int, bytes, bytes]:
    """Run a command in the base; return its exit code, stdout and stderr."""
    stdout, stderr = io.BytesIO(), io.BytesIO()
    reader, writer = os.pipe()
    os.write(writer, stdin or b"")
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        streams = Streams(stdin=pipe if stdin is not None else None, stdout=stdout, stderr=stderr)
        code = world.engine.run(world.base, command, options=RunOptions(**options), streams=streams)
    return code, stdout.getvalue(), stderr.getvalue()


class _OldEngine(QuietHandler):
    def do_GET(self) -> None:
        self.reply(200, body=json.dumps({"ApiVersion": "1.41", "Version": "20.10.0"}).encode())


@pytest.fixture
def old_engine() -> Iterator[str]:
    with LoopbackServer(_OldEngine) as server:
        yield f"tcp://{server.host}"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_what_an_engine_over_ssh_needs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("docker.api.client.SSHHTTPAdapter", raising=False)

    with pytest.raises(ToolError) as caught:
        Engine.connect({"DOCKER_HOST": "ssh://me@127.0.0.1"})

    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E601"
    assert "paramiko" in "".join(diagnostic.notes)
    assert "pip install paramiko" in diagnostic.hint


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("unix:///nonexistent/docker.sock", "there is no such socket"),
        ("tcp://127.0.0.1:FREE", "[Errno 111] Connection refused"),
        ("tcp://[::1", "Invalid IPv6 URL"),
    ],
    ids=["no_socket", "nobody_listens", "no_address"],
)
def test_an_engine_that_is_not_there_is_named(host: str, reason: str) -> None:
    host = host.replace("FREE", str(free_port()))
    with pytest.raises(ToolError) as caught:
        Engine.connect({"DOCKER_HOST": host})

    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E601"
    assert diagnostic.message == "no Docker engine answers"
    assert diagnostic.notes == (f"DOCKER_HOST is {host}: {reason}",)
    assert "https://docs.docker.com/engine/install/" in diagnostic.hint


def test_an_engine_that_is_too_old_is_refused(old_engine: str) -> None:
    with pytest.raises(ToolError) as caught:
        Engine.connect({"DOCKER_HOST": old_engine})

    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E602"
    assert "it speaks API 1.41, builds need 1.44" in diagnostic.message


@pytest.mark.engine
def test_names_are_found_by_their_tag_whatever_repository_they_are_of(world: EngineWorld) -> None:
    own = uuid.uuid4().hex
    given = [
        f"{prefix}envc-test-{own}:{own}" for prefix in ("", "a/b/c/d/", f"{world.registry}/team/")
    ]
    for name in (*given, f"envc-test-{own}:failed-{own}"):
        world.engine.tag(world.base, name)
    try:
        found = world.engine.tagged(own)
    finally:
        for name in (*given, f"envc-test-{own}:failed-{own}"):
            world.engine.untag(name)

    assert found == tuple(sorted(given))
    assert world.engine.tagged(own) == ()


@pytest.mark.engine
def test_an_image_is_found_by_the_name_it_was_given(world: EngineWorld) -> None:
    base = world.engine.find(world.base)
    with world.name() as name:
        world.engine.tag(world.base, name)

        found = world.engine.find(name)

    assert found is not None
    assert found == base
    assert found.digest is None or re.fullmatch(r"sha256:[0-9a-f]{64}", found.digest)
    assert found.platform == world.engine.platform()
    assert world.engine.find(name) is None


@pytest.mark.engine
def test_untagging_what_is_not_there_is_no_matter(world: EngineWorld) -> None:
    world.engine.untag("envc-test-absent:1")

    assert world.engine.find("envc-test-absent:1") is None


@pytest.mark.engine
def test_a_tag_for_an_image_that_is_not_there_is_refused(world: EngineWorld) -> None:
    with pytest.raises(ToolError) as caught:
        world.engine.tag("envc-test-absent:1", "envc-test-absent:2")

    assert only_code(caught.value) == "E603"


@pytest.mark.engine
def test_a_probe_runs_a_script_without_a_network(world: EngineWorld) -> None:
    script = "ls /sys/class/net; echo oops >&2; exit 3"

    done = world.engine.probe(ImageReference.parse(world.base), AMD64, script)

    assert done == Completed(returncode=3, stdout="lo\n", stderr="oops\n")


@pytest.mark.engine
def test_a_probe_pulls_an_image_that_the_engine_lacks(world: EngineWorld) -> None:
    name = f"{world.registry}/envc-test-{uuid.uuid4().hex[:12]}:1"
    world.engine.tag(world.base, name)
    subprocess.run(["docker", "push", "--quiet", name], capture_output=True, check=True)
    world.engine.untag(name)
    told: list[str] = []

    done = world.engine.probe(ImageReference.parse(name), AMD64, "echo here", report=told.append)

    world.engine.untag(name)
    assert (done.stdout, told) == ("here\n", [f"pulling {name}"])


@pytest.mark.engine
def test_an_image_that_cannot_be_pulled_says_why(world: EngineWorld) -> None:
    reference = ImageReference.parse(f"{world.registry}/absent:1")

    with pytest.raises(ToolError) as caught:
        world.engine.probe(reference, AMD64, "true")

    assert only_code(caught.value) == "E604"


@pytest.mark.engine
def test_pulling_without_a_login_says_how_to_log_in(world: EngineWorld) -> None:
    reference = ImageReference.parse(f"{world.auth_registry}/absent:1")

    with pytest.raises(ToolError) as caught:
        world.engine.probe(reference, AMD64, "true")

    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E604"
    assert f"docker login {world.auth_registry}" in diagnostic.hint


@pytest.mark.engine
def test_a_probe_leaves_no_container(world: EngineWorld) -> None:
    world.engine.probe(ImageReference.parse(world.base), AMD64, "exit 1 # leaves none")

    assert containers(world, "leaves none") == []


@pytest.mark.engine
def test_a_container_is_swept_once_its_process_was_killed(world: EngineWorld) -> None:
    code = """if True:
        import os, signal, sys
        from envc.engine.docker import Engine
        with Engine.connect(os.environ) as engine, engine.open(sys.argv[1], entrypoint=["/x"]) as one:
            print(one._id, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
    """
    child = [sys.executable, "-c", code, world.base]
    left = subprocess.run(child, capture_output=True, text=True, check=False).stdout.strip()
    listing = ["docker", "ps", "--all", "--quiet", "--no-trunc"]

    with world.engine.open(world.base, entrypoint=["/x"]) as own:
        world.engine.sweep()
        after = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()

        assert left  # it was made; whoever else sweeps may have been faster than we
        assert left not in after
        assert own._id in after


@pytest.mark.engine
def test_of_several_who_sweep_each_returns_when_it_is_done(world: EngineWorld) -> None:
    ended = subprocess.run([sys.executable, "-c", "from envc.mark import own_mark; print(own_mark())"],
                           capture_output=True, text=True, check=True)  # fmt: skip
    label = f"dev.envc.process=envc-{ended.stdout.strip()}"
    for _ in range(4):
        subprocess.run(
            ["docker", "create", "--label", label, world.base], capture_output=True, check=True
        )

    def sweep(_: int) -> str:
        with Engine.connect(world.environment) as engine:
            engine.sweep()
        listing = ["docker", "ps", "--all", "--quiet", "--filter", f"label={label}"]
        return subprocess.run(listing, capture_output=True, text=True, check=True).stdout

    with ThreadPoolExecutor(max_workers=4) as pool:
        assert list(pool.map(sweep, range(4))) == [""] * 4


@pytest.mark.engine
def test_a_run_has_the_commands_exit_code_and_both_streams(world: EngineWorld) -> None:
    done = output(world, "sh", "-c", "echo out; echo err >&2; exit 7")

    assert done == (7, b"out\n", b"err\n")


@pytest.mark.engine
def test_a_run_reads_what_is_piped_into_it(world: EngineWorld) -> None:
    assert output(world, "cat", stdin=b"a\x00b\n") == (0, b"a\x00b\n", b"")


@pytest.mark.engine
def test_a_run_without_stdin_reads_its_end_at_once(world: EngineWorld) -> None:
    assert output(world, "cat") == (0, b"", b"")


@pytest.mark.engine
def test_a_programs_own_words_are_passed_on_whatever_they_are(world: EngineWorld) -> None:
    words = "Error response from daemon: just kidding"

    done = output(world, "sh", "-c", f"echo '{words}' >&2")

    assert done == (0, b"", f"{words}\n".encode())


@pytest.mark.engine
def test_a_run_honours_its_options(world: EngineWorld, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("mounted")
    tmp_path.chmod(0o755)
    script = (
        "df -k /dev/shm | tail -1 | tr -s ' ' | cut -d' ' -f2; id -u; pwd; echo $A; "
        "cat /mnt/data; touch /mnt/x 2>/dev/null || echo ' read-only'; ls /sys/class/net"
    )

    code, stdout, _ = output(
        world,
        "sh",
        "-c",
        script,
        shm="32m",
        user="12:34",
        workdir="/tmp",
        variables={"A": "b  c=d"},
        mounts=(FolderMount(source=tmp_path, target="/mnt", read_only=True),),
        network="none",
    )

    assert (code, stdout) == (0, b"32768\n12\n/tmp\nb c=d\nmounted read-only\nlo\n")


@pytest.mark.engine
def test_a_signal_that_ends_the_command_is_told(world: EngineWorld) -> None:
    assert output(world, "sh", "-c", "sh -c 'kill -TERM $$'; exit $?")[0] == 143


@pytest.mark.engine
def test_a_signal_to_us_reaches_the_command(world: EngineWorld) -> None:
    class Stdout(io.BytesIO):
        def write(self, piece: Any) -> int:
            os.kill(os.getpid(), signal.SIGTERM)
            return super().write(piece)

    script = "trap 'exit 42' TERM; echo up; while :; do sleep 0.05; done"
    streams = Streams(stdin=None, stdout=Stdout(), stderr=io.BytesIO())

    code = world.engine.run(world.base, ["sh", "-c", script], options=RunOptions(), streams=streams)

    assert code == 42


@pytest.mark.engine
def test_a_terminal_is_handed_to_the_command(world: EngineWorld) -> None:
    script = (
        "import os, sys; from envc.engine.docker import Engine;"
        "from envc.engine.foreground import RunOptions, Streams;"
        "streams = Streams(stdin=sys.stdin.buffer, stdout=sys.stdout.buffer,"
        " stderr=sys.stderr.buffer);"
        "engine = Engine.connect(os.environ);"
        "sys.exit(engine.run(sys.argv[1], ['sh', '-c', 'test -t 0 && test -t 1 && exit 5'],"
        " options=RunOptions(terminal=True), streams=streams))"
    )

    status = pty.spawn([sys.executable, "-c", script, world.base])

    assert os.waitstatus_to_exitcode(status) == 5


@pytest.mark.engine
def test_a_missing_command_is_127_and_told_once(world: EngineWorld) -> None:
    stderr = io.BytesIO()
    streams = Streams(stdin=None, stdout=io.BytesIO(), stderr=stderr)

    with pytest.raises(CommandMissingError) as caught:
        world.engine.run(world.base, ["nosuch"], options=RunOptions(), streams=streams)

    assert (only_code(caught.value), caught.value.exit_code) == ("E631", 127)
    assert stderr.getvalue() == b""


@pytest.mark.engine
def test_a_command_that_is_no_program_is_126(world: EngineWorld) -> None:
    with pytest.raises(CommandRefusedError) as caught:
        output(world, "/etc/hostname")

    assert (only_code(caught.value), caught.value.exit_code) == ("E632", 126)


@pytest.mark.engine
def test_gpus_that_are_not_there_are_a_diagnostic(world: EngineWorld) -> None:
    with pytest.raises(ToolError) as caught:
        output(world, "true", gpus="all")

    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E633"
    assert "NVIDIA Container Toolkit" in diagnostic.hint


@pytest.mark.engine
def test_a_mount_of_what_is_not_there_is_shown_in_the_spec(
    world: EngineWorld, tmp_path: Path
) -> None:
    there = FolderMount(source=tmp_path, target="/y")
    absent = FolderMount(source=tmp_path / "a,b", target="/x", origin=SPAN)

    with pytest.raises(InputError) as caught:
        output(world, "true", mounts=(there, absent))

    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.labels[0].span) == ("E634", SPAN)
    assert diagnostic.message == f"there is no `{tmp_path}/a,b` to mount"


@pytest.mark.engine
def test_a_volume_keeps_what_is_written_to_it(world: EngineWorld) -> None:
    name = f"envc-test-{uuid.uuid4().hex[:12]}"
    volume = VolumeMount(name=name, target="/cache")
    try:
        output(world, "sh", "-c", "echo kept >/cache/x", mounts=(volume,))

        fixed = replace(volume, read_only=True)
        script = "cat /cache/x; touch /cache/y 2>/dev/null || echo read-only"
        code, stdout, _ = output(world, "sh", "-c", script, mounts=(fixed,))
    finally:
        subprocess.run(["docker", "volume", "rm", name], capture_output=True, check=True)

    assert (code, stdout) == (0, b"kept\nread-only\n")


ARGUMENTS = {
    "--add-host=db:10.0.0.2": ("grep -c 10.0.0.2.*db /etc/hosts", "1"),
    "--cap-drop=CHOWN": ("chown 1 /tmp 2>/dev/null || echo refused", "refused"),
    "--cap-add=SYS_PTRACE": (
        "test $((0x$(sed -n 's/CapBnd:.//p' /proc/self/status) >> 19 & 1)) = 1 && echo yes",
        "yes",
    ),
    "--cpus=0.5": ("cat /sys/fs/cgroup/cpu.max /sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000"),
    "--cpuset-cpus=0": ("grep Cpus_allowed_list /proc/self/status", "0"),
    "--device=/dev/zero:/dev/nil": ("test -c /dev/nil && echo yes", "yes"),
    "--dns=10.1.2.3": ("grep -o 10.1.2.3 /etc/resolv.conf | head -1", "10.1.2.3"),
    "--env=A=b c": ('echo "$A"', "b c"),
    "--group-add=1234": ("id -G", "1234"),
    "--hostname=pets": ("hostname", "pets"),
    "--ipc=none": ("test -d /dev/shm || echo none", "none"),
    "--memory=64m": (
        "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes",
        "67108864",
    ),
    "--network=none": ("ls /sys/class/net", "lo"),
    "--pid=host": ("test $$ != 1 && echo yes", "yes"),
    "--privileged": ("test -b /dev/loop0 || test -c /dev/kmsg && echo yes", "yes"),
    "--read-only": ("touch /x 2>/dev/null || echo fixed", "fixed"),
    "--security-opt=no-new-privileges": ("grep NoNewPrivs /proc/self/status", "1"),
    "--tmpfs=/scratch:size=1m": ("grep -c ' /scratch tmpfs ' /proc/mounts", "1"),
    "--ulimit=nofile=123": ("ulimit -n", "123"),
}


@pytest.mark.engine
@pytest.mark.parametrize("argument", ARGUMENTS)
def test_an_argument_reaches_the_container(world: EngineWorld, argument: str) -> None:
    script, expected = ARGUMENTS[argument]

    _, stdout, stderr = output(world, "sh", "-c", script, arguments=(argument,))

    assert expected in stdout.decode().split("\n")[0], (stdout, stderr)


def test_every_argument_of_the_language_is_tried() -> None:
    """But for what not every engine can: to count swap, and to be `--init`, which has a test below."""
    tried = {argument.partition("=")[0] for argument in ARGUMENTS}

    assert tried == set(LANGUAGE) - {"--memory-swap", "--init"}


@pytest.mark.engine
def test_a_container_may_have_an_init(world: EngineWorld) -> None:
    try:
        _, found, _ = output(world, "cat", "/proc/1/cmdline", arguments=("--init",))
    except ToolError as error:  # not every engine is installed with it
        found = error.diagnostics[0].notes[0].encode()

    assert b"docker-init" in found


@pytest.mark.engine
def test_an_option_that_docker_refuses_is_shown_in_the_spec(world: EngineWorld) -> None:
    with pytest.raises(InputError) as caught:
        output(world, "true", arguments=("--memory=lots",), arguments_origin=SPAN)

    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.labels[0].span) == ("E635", SPAN)
    reason = 'invalid argument "lots" for "-m, --memory" flag: invalid size: \'lots\''
    assert diagnostic.message == f"`docker run` refuses an option: {reason}"


@pytest.mark.engine
def test_an_argument_that_the_engine_refuses_is_told_with_its_reason(world: EngineWorld) -> None:
    with pytest.raises(ToolError) as caught:
        output(world, "true", arguments=("--network=envc-test-absent",))

    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E633"
    assert "envc-test-absent" in diagnostic.notes[0]
    assert diagnostic.hint == "check the spec's `arguments` for `runtime`"


@pytest.mark.engine
@pytest.mark.parametrize("words", ['invalid argument "x"', "invalid argument"])
def test_a_program_may_complain_as_docker_does(world: EngineWorld, words: str) -> None:
    script = f"echo '{words}' >&2; exit 3"

    assert output(world, "sh", "-c", script) == (3, b"", f"{words}\n".encode())


@pytest.mark.engine
def test_a_run_of_an_image_that_was_not_built_says_so(world: EngineWorld) -> None:
    streams = Streams(stdin=None, stdout=io.BytesIO(), stderr=io.BytesIO())

    with pytest.raises(ToolError) as caught:
        world.engine.run("envc-test-absent:1", [], options=RunOptions(), streams=streams)

    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.hint) == ("E630", "run `envc build SPEC` first")


@pytest.mark.engine
def test_a_run_without_the_docker_program_says_so_and_leaves_nothing(world: EngineWorld) -> None:
    streams = Streams(stdin=None, stdout=io.BytesIO(), stderr=io.BytesIO())

    with (
        Engine.connect({**world.environment, "PATH": "/nonexistent"}) as engine,
        pytest.raises(ToolError) as caught,
    ):
        engine.run(world.base, ["true", "and-nothing"], options=RunOptions(), streams=streams)

    assert only_code(caught.value) == "E605"
    assert containers(world, "and-nothing") == []


def containers(world: EngineWorld, mark: str) -> list[str]:
    """Return the ids of containers, running or not, in whose command something stands."""
    listed = world.engine._client.api.containers(all=True)
    return [container["Id"] for container in listed if mark in container["Command"]]
