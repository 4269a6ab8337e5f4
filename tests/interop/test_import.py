"""Files of other tools become specs that are right, and say what they leave out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envc.diagnostics import Diagnostic, draw
from envc.errors import InputError, UsageError
from envc.interop.gathered import Gathered, name_like
from envc.interop.importing import detect
from envc.interop.spec_text import write_spec
from envc.machine import Machine
from envc.pipeline.front import check_file
from envc.pipeline.interchange import Imported, import_spec
from envc.source import Source

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "specs"
KINDS = {
    "azureml-asset-env": "*.yaml",
    "azureml-env-v2": "*.y*ml",
    "conda-env": "*.y*ml",
    "nf-core-env": "*.y*ml",
    "pixi-manifest": "*.toml",
    "requirements": "*.*",
    "snakemake-env": "*.y*ml",
}
STEP = 3


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine with a cache of its own."""
    return Machine.here({"ENVC_CACHE": str(tmp_path_factory.mktemp("cache"))}, mirrors=[])


def take(folder: Path, machine: Machine, name: str, text: str, **more: str) -> Imported:
    """Import a file of this text, and others that it may name."""
    for other, content in {name: text, **more}.items():
        (folder / other).parent.mkdir(parents=True, exist_ok=True)
        (folder / other).write_text(content)
    return import_spec(folder / name, machine, "dsl")


def body(imported: Imported) -> str:
    """Return a spec without the comment at its head."""
    lines = imported.text.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("#"))


def messages(imported: Imported) -> list[str]:
    """Return what is said of the import."""
    return [warning.message for warning in imported.warnings]


def test_an_environment_file_becomes_a_spec(tmp_path: Path, machine: Machine) -> None:
    imported = take(
        tmp_path,
        machine,
        "environment.yml",
        """\
name: Pets
channels: [conda-forge, bioconda, nodefaults]
dependencies:
  - python=3.11
  - numpy >=1.26
  - mkl  # [linux64]
  - pywin32  # [win]
  - sel(linux): xtensor
  - pip
  - pip:
    - --extra-index-url https://pypi.example.com/simple
    - rich[jupyter]==14.*
    - -e .
variables:
  A: "1"
prefix: /opt/conda/envs/pets
""",
    )

    assert (
        body(imported)
        == """\
environment pets
python 3.11
channels conda-forge, bioconda
conda {
    numpy >=1.26
    mkl on linux/amd64
    xtensor
    pip
}
pip {
    index "https://pypi.example.com/simple"
    index "https://pypi.org/simple"
    rich[jupyter]==14.*
    source "."
}
variables { A = "1" }
"""
    )
    assert messages(imported) == [
        "the environment is called `pets`: `Pets` is no name of one",
        "`pywin32` is left out: it is for other platforms than Linux",
        "`.` is installed as it is when it is built, not editable",
    ]


def test_a_key_that_is_misspelled_is_shown_with_the_one_that_is_meant(
    tmp_path: Path, machine: Machine
) -> None:
    text = "name: pets\nchanels:\n  - conda-forge\ndependencies: [numpy]\n"

    imported = take(tmp_path, machine, "environment.yml", text)

    assert draw(imported.warnings) == (
        "warning[W431]: `chanels` is left out: a spec has no place for it\n"
        f" --> {tmp_path}/environment.yml:2:1\n"
        "2 | chanels:\n"
        "  | ^^^^^^^\n"
        "hint: did you mean `channels`?\n"
    )


def test_without_channels_they_are_condas_own(tmp_path: Path, machine: Machine) -> None:
    imported = take(tmp_path, machine, "environment.yml", "dependencies: [python=3.11]\n")

    assert (
        body(imported)
        == "environment environment\nchannels defaults\nconda {\n    python=3.11\n}\n"
    )
    assert imported.warnings == ()


def test_requirements_with_all_that_pip_reads(tmp_path: Path, machine: Machine) -> None:
    imported = take(
        tmp_path,
        machine,
        "requirements.txt",
        """\
# the usual
-i https://pypi.example.com/simple
--find-links wheels/
-r more/dev.txt
--constraint=limits.txt
six==1.17.0 \\
    --hash=sha256:aaaa \\
    --hash=sha256:bbbb  # why
./dist/pets-1.0-py3-none-any.whl
git+https://git.example.com/cats.git@v1#egg=cats&subdirectory=lib
https://files.example.com/dogs-2.0-py3-none-any.whl
--pre
--only-binary :all:
not a requirement
""",
        **{"more/dev.txt": "pytest\n-r ../requirements.txt\n./local\n", "limits.txt": "numpy<2\n"},
    )

    assert (
        body(imported)
        == """\
environment requirements
pip {
    index "https://pypi.example.com/simple"
    find-links "wheels/"
    pytest
    six==1.17.0
    cats @ git+https://git.example.com/cats.git@v1#subdirectory=lib
    dogs @ https://files.example.com/dogs-2.0-py3-none-any.whl
    wheel "dist/pets-1.0-py3-none-any.whl"
    source "more/local"
    constraint "numpy<2"
}
"""
    )
    assert messages(imported) == [
        "`../requirements.txt` is left out: the file leads back to itself",
        "`--pre` is left out: a spec has no such option of pip",
        "`not a requirement` is left out: `not a requirement` is not a requirement: "
        "a version or the end should follow the name",
    ]


def test_credentials_become_the_name_of_a_secret(tmp_path: Path, machine: Machine) -> None:
    imported = take(
        tmp_path,
        machine,
        "requirements.txt",
        "-i https://me:hunter2@pypi.example.com/simple\n"
        "--extra-index-url https://${USER}:${TOKEN}@b.example.com/simple\n"
        "pets @ https://me:hunter2@c.example.com/pets-1-py3-none-any.whl\nsix\n",
    )

    assert 'index "https://pypi.example.com/simple" secret INDEX_TOKEN' in imported.text
    assert 'index "https://b.example.com/simple" secret TOKEN' in imported.text
    assert "hunter2" not in imported.text
    assert len(imported.warnings) > 2
    assert "hunter2" not in draw(imported.warnings)


def test_a_missing_file_is_left_out_and_said(tmp_path: Path, machine: Machine) -> None:
    imported = take(tmp_path, machine, "requirements.txt", "-r gone.txt\nsix\n")

    assert "gone.txt` is left out: there is no file" in messages(imported)[0]
    assert "six" in body(imported)


def test_an_azure_ml_environment_has_an_image_and_a_conda_file(
    tmp_path: Path, machine: Machine
) -> None:
    imported = take(
        tmp_path,
        machine,
        "env.yml",
        "name: pets\nimage: mcr.example.com/base:1\nconda_file: conda.yml\nversion: 3\n",
        **{"conda.yml": "name: other\nchannels: [conda-forge]\ndependencies: [numpy]\n"},
    )

    assert (
        body(imported)
        == """\
environment pets
base image "mcr.example.com/base:1"
channels conda-forge
conda {
    numpy
}
"""
    )
    assert imported.format_name == "azureml"
    assert len(imported.warnings) == 1


def test_an_azure_ml_build_is_a_base_from_a_dockerfile(tmp_path: Path, machine: Machine) -> None:
    imported = take(
        tmp_path,
        machine,
        "env.yml",
        "name: pets\nbuild: {path: docker/, dockerfile_path: Dockerfile.gpu}\n",
    )

    assert 'dockerfile "docker/Dockerfile.gpu"' in imported.text
    assert 'context "docker/"' in imported.text


def test_a_pixi_manifest_gives_its_default_environment(tmp_path: Path, machine: Machine) -> None:
    imported = take(
        tmp_path,
        machine,
        "pixi.toml",
        """\
[workspace]
name = "pets"
channels = ["conda-forge"]
platforms = ["linux-64", "linux-aarch64", "win-64"]

[dependencies]
python = "3.12.*"
numpy = ">=1.26"
pytorch = { version = "2.4.*", build = "cuda*", channel = "pytorch" }

[target.linux-64.dependencies]
mkl = "*"

[pypi-dependencies]
rich = { version = "==14.*", extras = ["jupyter"] }
cats = {
  git = "https://git.example.com/cats.git", tag = "v1"
}

[activation.env]
A = "1"

[system-requirements]
cuda = "12.4"
libc = "2.28"

[tasks]
start = "python -m pets"

[feature.test.dependencies]
pytest = "*"

[feature.docs.dependencies]
sphinx = "*"

[environments]
default = ["test"]
docs = ["docs"]
""",
    )

    assert (
        body(imported)
        == """\
environment pets
platforms linux/amd64, linux/arm64
python 3.12
cuda 12.4
virtual-packages { __glibc = "2.28" }
channels conda-forge, pytorch
conda {
    numpy >=1.26
    pytorch::pytorch 2.4.* cuda*
    mkl on linux/amd64
    pytest
}
pip {
    rich[jupyter] ==14.*
    cats @ git+https://git.example.com/cats.git@v1
}
variables { A = "1" }
"""
    )
    assert [message.partition(":")[0] for message in messages(imported)] == [
        "`win-64` is left out",
        "one environment is imported, `default`; left out",
        "`tasks",
        "`feature",
        "the channel `pytorch` is the last one",
    ]


PROJECT = """\
[build-system]
requires = ["hatchling"]

[project]
name = "Pets.App"
version = "1.0"
requires-python = "==3.12.*"
dependencies = [
    "rich>=14,<15",
    "tomli>=2; python_version < '3.11'",
    "toys @ https://example.com/toys-1.0-py3-none-any.whl",
]

[project.optional-dependencies]
gpu = ["torch"]

[dependency-groups]
dev = ["pytest"]

[tool.uv]
override-dependencies = ["six==1.17.0"]
"""


def test_what_a_project_needs_becomes_a_spec(tmp_path: Path, machine: Machine) -> None:
    imported = take(tmp_path, machine, "pyproject.toml", PROJECT)

    assert imported.format_name == "project"
    assert body(imported) == (
        "environment pets.app\npython 3.12\npip {\n    rich>=14,<15\n"
        "    tomli>=2; python_version < '3.11'\n"
        "    toys @ https://example.com/toys-1.0-py3-none-any.whl\n}\n"
    )
    assert messages(imported) == [
        "the environment is called `pets.app`: `Pets.App` is no name of one",
        "`optional-dependencies.gpu` is left out: name what the environment needs of it",
        "`dependency-groups.dev` is left out: name what the environment needs of it",
        "`tool.uv.override-dependencies` is left out: it is uv's own",
    ]
    assert [warning.labels[0].span.position.line for warning in imported.warnings] == [
        *(5, 15, 18, 21),
    ]


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ("==3.12.*", "python 3.12\n"),
        ("==3.12.4", "python 3.12.4\n"),
        ("~=3.12.0", "python 3.12\n"),
        ("===3.12.4", "python 3.12.4\n"),
        (">=3.10", ""),
        ("==3.12", ""),
        ("~=3.12", ""),
        ("==3.12.*,!=3.12.3", ""),
        ("nonsense", ""),
    ],
)
def test_a_project_names_one_python_or_none(
    asked: str, line: str, tmp_path: Path, machine: Machine
) -> None:
    text = f'[project]\nrequires-python = "{asked}"\n'

    imported = take(tmp_path, machine, "pyproject.toml", text)

    left_out = f"`requires-python = {asked}` is left out: "
    why = "a spec names one series, or takes its base's"
    assert body(imported) == f"environment pyproject\n{line}"
    assert messages(imported) == ([] if line else [left_out + why])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dynamic = ['dependencies']", "only the project's own build knows them"),
        ("dependencies = 'rich'", "it is no list"),
        ("dependencies = {rich = '1'}", "it is no list"),
    ],
)
def test_what_a_project_does_not_list_is_told(
    text: str, said: str, tmp_path: Path, machine: Machine
) -> None:
    imported = take(tmp_path, machine, "pyproject.toml", f"[project]\n{text}\n")

    assert messages(imported) == [f"`dependencies` is left out: {said}"]


@pytest.mark.parametrize(
    "text",
    [
        "project = 3\n[tool]\nuv = 3\n",
        "[project]\nname = 3\nrequires-python = 3\n",
        "[project]\ndependencies = [3, {a = 1}, '']\noptional-dependencies = 3\n",
    ],
)
def test_a_project_in_another_shape_still_becomes_a_spec(
    text: str, tmp_path: Path, machine: Machine
) -> None:
    (tmp_path / "pyproject.toml").write_text(text)

    imported = import_spec(tmp_path / "pyproject.toml", machine, "dsl", format_name="project")

    assert "environment pyproject\n" in imported.text


@pytest.mark.parametrize(
    ("name", "text", "format_name"),
    [
        ("environment.yml", "dependencies: [numpy]\n", "environment"),
        ("x.yaml", "image: debian\nname: x\n", "azureml"),
        ("x.yaml", "name: x\nconda_file:\n  dependencies: [numpy]\n", "azureml"),
        ("requirements-dev.in", "six\n", "requirements"),
        ("pixi.toml", "", "pixi"),
        ("pixi.lock", "version: 6\n", "pixi-lock"),
        ("x.yml", "version: 1\nmetadata: {}\npackage: []\n", "conda-lock"),
        ("pylock.dev.toml", 'lock-version = "1.0"\n', "pylock"),
        ("e.txt", "# x\n@EXPLICIT\n", "explicit"),
        ("pyproject.toml", "[tool.pixi.workspace]\n", "pixi"),
        ("pyproject.toml", "[project]\n[tool.pixi.workspace]\n", "pixi"),
        ("pyproject.toml", "[tool.black]\n[project]\n", "project"),
    ],
)
def test_a_format_is_known_by_name_and_content(name: str, text: str, format_name: str) -> None:
    assert detect(Source(name=name, text=text)) == format_name


@pytest.mark.parametrize(
    ("name", "text"),
    [("pyproject.toml", "[tool.black]\n"), ("x.yml", "build: {}\nconda: {}\n"), ("setup.cfg", "")],
)
def test_other_formats_are_refused(name: str, text: str) -> None:
    with pytest.raises(InputError) as refused:
        detect(Source(name=name, text=text))

    assert [one.code for one in refused.value.diagnostics] == ["E432"]


@pytest.mark.parametrize(
    ("name", "text", "hint"),
    [
        ("uv.lock", "", "`uv export --format pylock.toml -o pylock.toml` writes"),
        ("x/poetry.lock", "", "`poetry export -o requirements.txt` writes"),
        ("pyproject.toml", "[tool.poetry.dependencies]\n", "`poetry export -o requirements.txt`"),
        ("docker/Dockerfile", "FROM x\n", "write a spec that builds on it: `base dockerfile"),
        ("x.json", "{}", "say which it is with `--format`: `environment`"),
    ],
)
def test_a_file_without_a_format_says_how_to_get_one(name: str, text: str, hint: str) -> None:
    with pytest.raises(InputError) as refused:
        detect(Source(name=name, text=text))

    assert refused.value.diagnostics[0].hint.startswith(hint)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("environment.yml", "dependencies: [\n"),
        ("environment.yml", "dependencies: [zlib]\nname: x\ndependencies: [xz]\n"),
        ("pixi.toml", "[workspace\n"),
        ("pyproject.toml", "[project]\nname = \n"),
    ],
)
def test_a_damaged_file_is_refused_at_its_place(
    name: str, text: str, tmp_path: Path, machine: Machine
) -> None:
    with pytest.raises(InputError) as refused:
        take(tmp_path, machine, name, text)

    (problem,) = refused.value.diagnostics
    assert problem.code == "E431"
    assert problem.labels


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pixi.toml", "[workspace]\nchannels = 3\nplatforms = 3\n"),
        ("pixi.toml", "[workspace]\nchannels = 3\n[environments]\ndefault = [[]]\n"),
        ("pyproject.toml", "[tool.pixi.workspace]\n[project]\ndependencies = 3\n"),
        ("requirements.txt", "https://[/pets-1-py3-none-any.whl\n-i https://[/simple\n"),
        ("e.txt", "@EXPLICIT\nhttps://[/c/linux-64/a-1-0.conda#sha256:00\n"),
        ("pylock.toml", 'lock-version = "1.0"\n[[packages]]\nname = "a"\nwheels = 3\n'),
        ("environment.yml", "channels: {a: b}\ndependencies: {a: b}\nvariables: []\n"),
        ("env.yml", "image: [x]\nbuild: {path: [1]}\n"),
        ("env.yml", "image: x\nos_type: [linux]\n"),
        (
            "conda-lock.yml",
            "version: 1\nmetadata: {}\npackage: [{platform: linux-64, manager: conda, name: a, "
            "url: 'https://c.example/c/linux-64/a-1-0.conda', hash: {md5: {}, sha256: [x]}}]\n",
        ),
        (
            "pylock.toml",
            'lock-version = "1.0"\n[[packages]]\nname = "a"\nversion = "1"\n'
            'wheels = [{url = "https://a.example/a-1-py3-none-any.whl", hashes = {sha256 = 3}}]\n',
        ),
    ],
)
def test_what_has_another_shape_is_left_out_and_said(
    name: str, text: str, tmp_path: Path, machine: Machine
) -> None:
    imported = take(tmp_path, machine, name, text)

    assert imported.warnings
    check_file(Source(name="x.envc", text=imported.text), machine)


def test_an_unknown_format_is_refused(tmp_path: Path, machine: Machine) -> None:
    (tmp_path / "x.txt").write_text("six\n")

    with pytest.raises(UsageError):
        import_spec(tmp_path / "x.txt", machine, "dsl", format_name="pipenv")


def test_paths_are_relative_to_the_spec(tmp_path: Path, machine: Machine) -> None:
    (tmp_path / "req").mkdir()
    (tmp_path / "req" / "x.txt").write_text("./dist/pets-1.0-py3-none-any.whl\n")

    imported = import_spec(tmp_path / "req" / "x.txt", machine, "dsl", output=tmp_path / "x.envc")

    assert 'wheel "req/dist/pets-1.0-py3-none-any.whl"' in imported.text


def test_what_looks_like_a_parameter_stays_a_text(tmp_path: Path, machine: Machine) -> None:
    text = 'dependencies: [numpy]\nvariables: {A: "${{ x }}"}\n'

    imported = take(tmp_path, machine, "environment.yml", text)

    checked = check_file(Source(name="x.envc", text=imported.text), machine)
    (variant,) = checked.variants.values()
    assert dict(variant.spec.variables) == {"A": "${{ x }}"}


@given(st.lists(st.text(max_size=30), max_size=6))
def test_no_line_of_requirements_makes_a_wrong_spec(lines: list[str]) -> None:
    from envc.interop.import_requirements import gather

    def load(path: str) -> Source:
        raise InputError([_gone(path)])

    gathered = Gathered()
    gathered.put(("environment",), "x", None)
    gather(Source(name="r.txt", text="\n".join(lines)), load, gathered)

    spec = write_spec(gathered, "r.txt", "dsl")

    check_file(Source(name="x.envc", text=spec.text), Machine.here({}, mirrors=[]))


def _gone(path: str) -> Diagnostic:
    return Diagnostic(code="E150", message=f"there is no file `{path}`")


@given(st.text())
def test_every_text_has_a_name_like_it(text: str) -> None:
    from envc.spec.field import environment_name

    assert environment_name(name_like(text)) == name_like(text)


def _sample() -> list[Path]:
    return [
        path
        for kind, pattern in KINDS.items()
        for path in sorted((CORPUS / kind).rglob(pattern))[::STEP]
        if path.is_file()
    ]


def _import_both(path: Path, machine: Machine) -> dict[str, Imported] | None:
    """Return a file as a spec in both forms; None where it has no format that envc imports."""
    try:
        return {
            ".envc": import_spec(path, machine, "dsl"),
            ".yaml": import_spec(path, machine, "yaml"),
        }
    except InputError as error:
        if {one.code for one in error.diagnostics} == {"E432"}:
            return None
        raise


@pytest.mark.skipif(
    not CORPUS.is_dir(), reason=f"{CORPUS} is not there: it holds environment files in the wild"
)
def test_files_in_the_wild_become_right_specs_in_both_forms(machine: Machine) -> None:
    imported = 0
    for path in _sample():
        specs = _import_both(path, machine)
        if specs is None:
            continue
        ids = {
            check_file(Source(name=f"x{suffix}", text=one.text), machine).spec_id
            for suffix, one in specs.items()
        }
        assert len(ids) == 1, path
        imported += 1

    assert imported > len(_sample()) / 2


def test_channels_with_credentials_name_secrets(tmp_path: Path, machine: Machine) -> None:
    text = (
        "name: pets\n"
        "channels:\n"
        "  - https://me:canary@conda.example.com/a\n"
        "  - https://me:canary@conda.example.com/b\n"
        "  - https://conda.anaconda.org/t/tk-canary/team\n"
        "  - https://me:${PETS_TOKEN}@pets.example.com/c\n"
        "  - conda-forge\n"
        "dependencies: [numpy]\n"
    )

    imported = take(tmp_path, machine, "environment.yml", text)

    assert (
        'channels "https://conda.example.com/a" secret CHANNEL_TOKEN_1, '
        '"https://conda.example.com/b" secret CHANNEL_TOKEN_1, '
        '"https://conda.anaconda.org/team" secret CHANNEL_TOKEN_2, '
        '"https://pets.example.com/c" secret PETS_TOKEN, conda-forge\n'
    ) in imported.text
    assert "canary" not in imported.text
    assert "canary" not in str(imported.warnings)


def test_requirements_of_one_name_are_joined(tmp_path: Path, machine: Machine) -> None:
    """conda and pip take them together, as where a file and one that it names ask for the same."""
    imported = take(
        tmp_path,
        machine,
        "environment.yml",
        """\
channels: [conda-forge]
dependencies:
  - zlib
  - zlib=1.3
  - zlib <2
  - numpy >=1.26
  - numpy 2.*=py312*
  - pip:
    - requests
    - -r base.txt
    - tomli>=1 ; python_version < "3.11"
    - tomli>=2
""",
        **{"base.txt": "Requests[socks]>=2\n"},
    )

    assert (
        body(imported)
        == """\
environment environment
channels conda-forge
conda {
    zlib =1.3,<2
    numpy >=1.26
}
pip {
    requests[socks]>=2
    tomli>=1 ; python_version < "3.11"
    tomli>=2
}
"""
    )
    assert messages(imported) == ["`numpy 2.*=py312*` is left out: `numpy` is listed twice"]


def test_a_comment_in_a_quoted_line_of_the_pip_section_is_one(
    tmp_path: Path, machine: Machine
) -> None:
    text = 'channels: [conda-forge]\ndependencies:\n  - pip: ["rich>=13  # why"]\n'

    imported = take(tmp_path, machine, "environment.yml", text)

    assert "    rich>=13\n" in imported.text
    assert imported.warnings == ()


def test_what_stands_as_a_mapping_says_how_to_write_it(tmp_path: Path, machine: Machine) -> None:
    text = "channels: [conda-forge]\ndependencies:\n  - python: 3.10\n  - pip: rich\n"

    imported = take(tmp_path, machine, "environment.yml", text)

    assert [(one.message, one.hint) for one in imported.warnings] == [
        (
            "`python` is left out: envc knows no such group of packages",
            "name a package and its version in one text, such as `python=3.10`",
        ),
        ("`pip: rich` is left out: it is no list", ""),
    ]


def test_a_folder_of_a_channel_is_its_channel(tmp_path: Path, machine: Machine) -> None:
    text = "channels: [conda-forge]\ndependencies: [conda-forge/noarch::tzdata=2025a, zlib]\n"

    imported = take(tmp_path, machine, "environment.yml", text)

    assert "channels conda-forge\nconda {\n    conda-forge::tzdata=2025a\n" in imported.text
    assert imported.warnings == ()


def test_the_head_names_the_file_of_a_line_that_is_not_the_imported_one(
    tmp_path: Path, machine: Machine
) -> None:
    imported = take(
        tmp_path, machine, "requirements.txt", "-r more/dev.txt\n", **{"more/dev.txt": "\n--pre\n"}
    )

    assert "# - more/dev.txt, line 2: `--pre` is left out" in imported.text


def test_lines_of_freeze_and_of_conda_list_are_told_as_such(
    tmp_path: Path, machine: Machine
) -> None:
    text = (
        "certifi @ file:///croot/certifi/work\n"
        "numpy=1.26.4=py310_0\n"
        "torch==2.1.0 -f https://download.example.com/torch.html\n"
    )

    imported = take(tmp_path, machine, "requirements.txt", text)

    assert body(imported) == "environment requirements\npip {\n    torch==2.1.0\n}\n"
    assert messages(imported) == [
        "`certifi @ file:///croot/certifi/work` is left out: "
        "the file is on the machine that wrote this",
        "`numpy=1.26.4=py310_0` is left out: it is a line of `conda list`",
        "`-f https://download.example.com/torch.html` is left out: "
        "for pip, too, it counts on a line of its own only",
    ]


def test_anchors_that_make_a_file_huge_are_refused(tmp_path: Path, machine: Machine) -> None:
    rows = [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)]
    text = f"a0: &a0 [x]\n{''.join(rows)}dependencies: *a8\n"

    with pytest.raises(InputError) as refused:
        take(tmp_path, machine, "environment.yml", text)

    assert refused.value.diagnostics[0].message.endswith("/environment.yml` has too many values")


def test_apt_txt_lists_debian_packages(tmp_path: Path, machine: Machine) -> None:
    imported = take(tmp_path, machine, "apt.txt", "# tools\ngit\n\nlibfuse-dev  # why\nNo Such\n")

    assert imported.format_name == "repo2docker"
    assert body(imported) == "environment apt\nsystem {\n    git\n    libfuse-dev\n}\n"
    assert messages(imported) == ["`No Such` is left out: `No Such` is not a Debian package"]


def test_what_repo2docker_reads_beside_the_file_is_told(tmp_path: Path, machine: Machine) -> None:
    others = {"apt.txt": "git\n", "runtime.txt": "python-3.10\n", "postBuild": "#!/bin/sh\n"}
    environment = "channels: [conda-forge]\ndependencies: [zlib]\n"

    of_environment = take(tmp_path, machine, "environment.yml", environment, **others)
    of_requirements = take(tmp_path, machine, "requirements.txt", "six\n", start="#!/bin/sh\n")
    of_apt = take(tmp_path, machine, "apt.txt", "git\n")

    apt = "`apt.txt` is left out: it lists Debian packages"
    runtime = "`runtime.txt` is left out: it names the Python"
    post_build = "`postBuild` is left out: repo2docker runs it in the image, after the packages"
    start = "`start` is left out: repo2docker has it start every command"
    assert messages(of_environment) == [apt, post_build]
    assert messages(of_requirements) == [runtime, apt, post_build, start]
    assert messages(of_apt) == [post_build, start]


@pytest.mark.parametrize(
    ("text", "expected", "said"),
    [
        ("python-3.10\n", "python 3.10\n", []),
        ("python-3.11.9", "python 3.11.9\n", []),
        ("python-3", "", ["`python-3` is left out: it names no series of Python"]),
        ("r-4.3.2-2024-01-10", "", ["`r-4.3.2-2024-01-10` is left out: R is no Python"]),
    ],
)
def test_runtime_txt_names_a_python(
    tmp_path: Path, machine: Machine, text: str, expected: str, said: list[str]
) -> None:
    imported = take(tmp_path, machine, "runtime.txt", text)

    assert body(imported) == f"environment runtime\n{expected}"
    assert messages(imported) == said


def test_the_platform_in_the_head_of_a_pinned_environment_counts(
    tmp_path: Path, machine: Machine
) -> None:
    """conda-lock and our own export write it there: the builds are for no other."""
    text = "# platform: {}\nchannels: [conda-forge]\ndependencies: [zlib=1.3=h1_0]\n"

    arm = take(tmp_path, machine, "environment.yml", text.format("linux-aarch64"))
    amd = take(tmp_path, machine, "environment.yml", text.format("linux-64"))
    mac = take(tmp_path, machine, "environment.yml", text.format("osx-64"))

    assert "platforms linux/arm64\n" in arm.text
    assert "platforms" not in amd.text
    assert messages(mac) == ["`osx-64` is left out: envc makes images for Linux on amd64 and arm64"]
