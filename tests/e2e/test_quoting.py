"""No value can leave its place: what goes into a plan comes out of the real engine as it was."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import signal
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from envc.plan.instruction import (
    Add,
    BuildPlan,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    Healthcheck,
    Instruction,
    Label,
    Mount,
    Run,
    Stage,
    StopSignal,
    User,
    Volume,
    Workdir,
)
from envc.plan.override import Overrides
from envc.plan.stage import SCRIPTS, script
from envc.render.dockerfile import render
from envc.resources import read_scripts, read_templates
from envc.source import Source
from envc.spec.debian import DEBIAN
from envc.spec.metadata import SIGNAL
from support.engine import EngineWorld
from support.http_server import serve_folder
from support.placing import FIELDS, plan_with, skeleton

pytestmark = pytest.mark.engine

NASTY = [
    "",
    " ",
    "a b",
    "'",
    '"',
    "''",
    '"a"',
    "\\",
    "\\\\",
    "a\\",
    '\\"',
    "$",
    "$HOME",
    "${HOME}",
    "${HOME:-x}",
    "${x?y}",
    "\\$HOME",
    "$$",
    "`id`",
    "$(id)",
    "#",
    "# syntax=x",
    "a # b",
    "<<EOF",
    "EOF",
    "a=b",
    "=",
    "--link",
    "[",
    '["x"]',
    "{{ x }}",
    "{% x %}",
    "${{ x }}",
    "é 日本 🐍",
    "\t",
    "a\tb",
    "\x01\x7f",
    "\u2028",
    "*?[a-z]",
    "~",
    "!",
    "a;b|c&d>e<f",
    "%s%n",
    ",",
]
PLAIN = st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"]), max_size=20)
TEXT = st.text(st.characters(exclude_characters="\r\0", exclude_categories=["Cs"]), max_size=20)


class Engine:
    """Builds plans and looks at the images."""

    def __init__(self, folder: Path, base: str) -> None:
        self.folder = folder
        self.base = base
        self.tag = f"envc-quoting:{uuid.uuid4().hex}"
        (folder / "scripts").mkdir()
        for name, content in read_scripts().items():
            (folder / "scripts" / name).write_bytes(content)

    def build(
        self, *instructions: Instruction, before: tuple[Stage, ...] = (), template: str = ""
    ) -> None:
        stages = (*before, Stage(name="image", base=self.base, instructions=instructions))
        own = {"stages/image.j2": Source(name="image.j2", text=template)} if template else {}
        plan = BuildPlan(
            head=("head",),
            stages=stages,
            files=(),
            env_ids={},
            spec_id="",
            secrets=(),
            epochs={},
        )
        text = render(plan, read_templates(), Overrides(sources=own)).text
        (self.folder / "Dockerfile").write_text(text, newline="")
        command = ["docker", "buildx", "build", "--quiet", "--provenance=false", "-t", self.tag]
        done = subprocess.run(
            [*command, str(self.folder)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{done.stderr}\n{text}"

    def config(self) -> dict[str, object]:
        command = ["docker", "image", "inspect", "--format", "{{json .Config}}", self.tag]
        config = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        assert isinstance(config, dict)
        return config

    def read(self, *command: str) -> bytes:
        words = ["docker", "run", "--rm", "--network=none", self.tag, *command]
        return subprocess.run(words, capture_output=True, check=True).stdout

    def close(self) -> None:
        subprocess.run(
            ["docker", "image", "rm", "--force", self.tag], capture_output=True, check=False
        )


@pytest.fixture
def engine(tmp_path: Path, world: EngineWorld) -> Iterator[Engine]:
    engine = Engine(tmp_path, world.base)
    yield engine
    engine.close()


few = settings(
    max_examples=4,
    deadline=None,
    phases=[
        Phase.generate
    ],  # a failing example is as clear as it is; shrinking would build for hours
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@few
@given(generated=st.lists(PLAIN, min_size=40, max_size=60))
def test_variables_labels_and_words_arrive_as_they_are(
    engine: Engine, generated: list[str]
) -> None:
    values = [*NASTY, *generated]
    variables = tuple((f"V{number}", value) for number, value in enumerate(values))

    engine.build(
        Env(variables=variables),
        Label(labels=tuple((f"l{number}", value) for number, value in enumerate(values))),
        Entrypoint(words=("entry", *values)),
        Cmd(words=tuple(values)),
    )

    config = engine.config()
    environment = config["Env"]
    labels = config["Labels"]
    assert isinstance(environment, list)
    assert isinstance(labels, dict)
    assert [line for line in environment if line.startswith("V")] == [
        f"{name}={value}" for name, value in variables
    ]
    assert [labels[f"l{number}"] for number in range(len(values))] == values
    assert config["Entrypoint"] == ["entry", *values]
    assert config["Cmd"] == values


@few
@given(generated=st.lists(TEXT, min_size=20, max_size=30))
def test_a_programs_words_and_a_steps_lines_arrive_as_they_are(
    engine: Engine, generated: list[str]
) -> None:
    values = [*NASTY, "a\nb", *generated]
    lines = ["cat >/lines <<'NEVER-IN-A-VALUE'", *[v.replace("\n", " ") for v in values]]

    engine.build(
        Run(words=("/bin/sh", "-c", 'printf "%s\\0" "$@" >/words', "sh", *values)),
        Run(
            words=script("/bin/sh", "step.sh", *lines, "NEVER-IN-A-VALUE"),
            mounts=(SCRIPTS, Mount(source="scripts", target="/mnt/files")),
        ),
    )

    assert engine.read("cat", "/words").decode().split("\0")[:-1] == values
    assert engine.read("cat", "/lines").decode().split("\n")[:-1] == lines[1:]


@pytest.mark.parametrize("path", [f"/{value}" for value in NASTY if value.strip()])
def test_a_workdir_arrives_as_it_is(engine: Engine, path: str) -> None:
    engine.build(Workdir(path=path))

    assert engine.config()["WorkingDir"] == path.rstrip("/")


@pytest.mark.parametrize("user", ["1000", "1000:1000", "name", "name:group", "a-b_c.d"])
def test_a_user_arrives_as_it_is(engine: Engine, user: str) -> None:
    engine.build(User(user=user))

    assert engine.config()["User"] == user


@few
@given(generated=st.lists(PLAIN, min_size=30, max_size=40))
def test_names_of_labels_paths_of_volumes_and_words_of_health_checks_arrive_as_they_are(
    engine: Engine, generated: list[str]
) -> None:
    values = list(dict.fromkeys([*NASTY, *generated]))
    names = [value for value in values if value and "=" not in value]
    paths = [f"/{value}" for value in values if value == value.rstrip()]

    engine.build(
        Env(variables=(("HOME", "/not-this"), ("x", "not this"))),
        Label(labels=tuple((name, name) for name in names)),
        Volume(paths=tuple(paths)),
        Healthcheck(words=("probe", *values, "a\nb"), options=(("interval", "1m30s"),)),
    )

    config = engine.config()
    labels, volumes = config["Labels"], config["Volumes"]
    assert isinstance(labels, dict)
    assert isinstance(volumes, dict)
    assert {name: labels.get(name) for name in names} == {name: name for name in names}
    assert sorted(volumes) == sorted(paths)
    assert config["Healthcheck"] == {
        "Test": ["CMD", "probe", *values, "a\nb"],
        "Interval": 90 * 10**9,
    }


def test_ports_and_the_absence_of_a_health_check_arrive(engine: Engine) -> None:
    engine.build(
        Healthcheck(words=("true",)),
        Healthcheck(words=()),
        Expose(ports=("1", "8080", "8080/udp", "65535/sctp")),
    )

    config = engine.config()
    assert config["Healthcheck"] == {"Test": ["NONE"]}
    assert config["ExposedPorts"] == {"1/tcp": {}, "8080/tcp": {}, "8080/udp": {}, "65535/sctp": {}}


def test_docker_knows_every_signal_that_a_spec_may_name(engine: Engine) -> None:
    numbers = [f"RTMIN+{number}" for number in range(1, 16)]
    numbers += [f"RTMAX-{number}" for number in range(1, 15)]
    names = ["SIGRTMIN", "SIGRTMAX", *(f"SIG{name}" for name in numbers)]
    names += [name for name in signal.Signals.__members__ if SIGNAL.fullmatch(name)]

    engine.build(*(StopSignal(signal=name) for name in [*names, "SIGINT"]))

    assert engine.config()["StopSignal"] == "SIGINT"
    assert all(SIGNAL.fullmatch(name) for name in names)


@few
@given(generated=st.lists(st.from_regex(DEBIAN, fullmatch=True), min_size=20, max_size=40))
def test_names_and_versions_of_debian_packages_arrive_as_they_are(
    engine: Engine, generated: list[str]
) -> None:
    names = ["g++", "libstdc++6=1:12.2.0-14+deb12u1~bpo12+1", "a.b-c=0:1:2~", *generated]
    # As the stage `system` passes those that nobody could resolve.
    line = shlex.join(["printf", "%s\\0", *names])

    engine.build(Run(words=script("/bin/sh", "step.sh", f"{line} >/names"), mounts=(SCRIPTS,)))

    assert engine.read("cat", "/names").decode().split("\0")[:-1] == names


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder, and where it is served."""
    folder = tmp_path_factory.mktemp("site")
    with serve_folder(folder) as url:
        yield folder, url


def test_files_arrive_whatever_their_names_and_addresses_have(
    engine: Engine, site: tuple[Path, str]
) -> None:
    folder, url = site
    names = ["libc6-dev_2:2.36-9+deb12u1~bpo_amd64.deb", "a!1.0+cu12-py3-none-any.whl", "é.tar.gz"]
    names += ["$HOME", "${HOME}", "a\\b", "*?[a]", "a=b,c", "--link", "#x", "~", "<<EOF", "a;b|c&d"]
    adds, copies = [], []
    for name in names:
        content = name.encode() + uuid.uuid4().bytes
        (folder / name).write_bytes(content)
        sha256 = hashlib.sha256(content).hexdigest()
        adds.append(Add(url=f"{url}/{quote(name)}", sha256=sha256, to=f"/added/{name}"))
        (engine.folder / sha256).write_bytes(content)
        copies.append(Copy(source=sha256, to=f"/copied/{name}"))
    fetched = Stage(name="files", base="scratch", instructions=(*adds, *copies))

    engine.build(Copy(stage="files", source="/", to="/found", link=True), before=(fetched,))

    paths = [f"/found/{kind}/{name}" for kind in ("added", "copied") for name in names]
    assert engine.read("cat", *paths) == b"".join((folder / n).read_bytes() for n in names) * 2


@few
@given(generated=st.lists(PLAIN, min_size=20, max_size=30))
def test_values_that_a_users_template_quotes_arrive_as_they_are(
    engine: Engine, generated: list[str]
) -> None:
    values = [*NASTY, *generated]
    words = ["/bin/sh", "-c", 'printf "%s\\0" "$@" >/words', "sh", *values]
    literals = {value: json.dumps(value, ensure_ascii=False) for value in (*values, *words)}
    lines = [f"LABEL l{n}={{{{ {literals[value]} | quote }}}}" for n, value in enumerate(values)]
    lines += [f"{{{{ {literals[value]} | comment }}}}" for value in values]
    lines += [f"RUN {{{{ [{', '.join(literals[word] for word in words)}] | exec_form }}}}"]
    block = "\n".join(lines)
    template = f'{{% extends "envc/stage.j2" %}}\n{{% block end %}}\n{block}\n{{% endblock %}}\n'

    engine.build(template=template)

    labels = engine.config()["Labels"]
    assert isinstance(labels, dict)
    assert [labels[f"l{number}"] for number in range(len(values))] == values
    assert engine.read("cat", "/words").decode().split("\0")[:-1] == values


BREAKOUTS = [
    *("\nRUN id\n", "a\nFROM scratch AS b\n", "/a\n# x", '/a" b="c', "/a\\", "/a\\\nUSER root"),
    *("<<EOF\nid\nEOF", "/<<EOF", "/$HOME ${A:-b}", "a=b,c", "/ --from=x", "]", '"]\nCMD ["x'),
    *("{{ 1 }}", "/é\u2028x", "a\u0085RUN id", "\x0bRUN id", "/a\tb", "# syntax=x\n", "/`id`"),
]


def test_no_text_of_a_field_is_an_instruction_to_buildkit(tmp_path: Path) -> None:
    """BuildKit's own parser tells the stages, of all fields with a text at once."""
    taken = []
    for make in FIELDS.values():
        for text in BREAKOUTS:
            plan = plan_with(make(text))
            if plan is not None:
                taken.append(plan)
    assert len(taken) > 100
    # One build of all that they have: each plan's stages get a number.
    parts, expected = [], []
    for number, plan in enumerate(taken):
        text = render(plan, read_templates()).text
        found = [facts for facts in skeleton(plan) if facts[0] == "FROM"]
        names = {name for _, _, name in found}
        pattern = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
        text = re.sub(rf"^(FROM .* AS )({pattern})$", rf"\1s{number}-\2", text, flags=re.MULTILINE)
        parts.append(text)
        expected += [f"s{number}-{name}" for _, _, name in found]
    (tmp_path / "Dockerfile").write_text("\n".join(parts), newline="")
    command = ["docker", "buildx", "build", "--call=targets,format=json", str(tmp_path)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert [target["name"] for target in json.loads(done.stdout)["targets"]] == expected
