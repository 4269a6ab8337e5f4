"""The published contract of the ids: its document is enough to compute them, the same ones anywhere."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envc.canonical import canonical_json, readable_json
from envc.lock.codec import dumps
from envc.lock.model import Intent, Lock, PlatformLock
from envc.lock.package import SourcePackage, SystemPackage
from envc.plan.context import ContextFile
from envc.plan.identity import env_id, identity_tree
from envc.plan.inputs import Inputs, Selection, Tree
from envc.plan.layer import assign_layers
from envc.plan.setting import settings
from envc.source import Source
from envc.spec.model import EnvSpec
from envc.spec.normal import normal_form, spec_id
from envc.syntax.document import Document
from identity import checker
from support.plans import BARE, BASE, conda_lock, conda_package, pip_lock, wheel

TESTS = Path(__file__).parents[1]
VECTORS = TESTS / "vectors" / "identity"
CASES = VECTORS / "cases"
SPECS = TESTS.parent / "specs"
AMD64 = "linux/amd64"
KIB, MIB = 1024, 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Case:
    """A vector before it is written.

    Attributes:
        what: The rule that it shows.
        trees: By `from` of the copy steps.
        given: `templates` and `recipe`, which are in the tree as they are here.
    """

    what: str
    data: Mapping[str, Any]
    lock: PlatformLock
    platform: str = AMD64
    trees: Mapping[str, Tree] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)

    def render(self) -> dict[str, Any]:
        """Return what the vector's file holds."""
        spec = EnvSpec.model_validate({"environment": "x", "platforms": [AMD64], **self.data})
        source = Source(name="x.yaml", text="x\n")
        document = Document(source=source, data={}, spans={(): source.span(0, 1)}, key_spans={})
        form = normal_form(spec)
        own = settings(
            spec,
            document,
            Inputs(trees={Selection(path=path): tree for path, tree in self.trees.items()}),
            platform=self.platform,
            has_conda=bool(self.lock.conda),
            has_python=self.lock.python is not None,
        )
        times = [one.timestamp for one in self.lock.conda if one.timestamp is not None]
        tree = identity_tree(
            self.platform,
            self.lock,
            assign_layers(self.lock, budget=own.layer_budget),
            own,
            created=max(times) // 1000 if times else 946684800,
            templates=self.given.get("templates", ()),
            recipe=self.given.get("recipe"),
        )
        written = Lock(intent=Intent(base="x"), platforms={self.platform: self.lock})
        steps = [*form.get("before_packages", ()), *form["steps"]]
        return {
            "what": self.what,
            "platform": self.platform,
            "spec": form,
            "lock": json.loads(dumps(written))["platforms"][self.platform],
            "trees": {
                str(place): _describe(self.trees[step["copy"]["from"]])
                for place, step in enumerate(steps)
                if "copy" in step
            },
            "templates": self.given.get("templates"),
            "recipe": self.given.get("recipe"),
            "tree": tree,
            "spec_id": spec_id(spec),
            "env_id": env_id(tree),
        }


def _describe(tree: Tree) -> dict[str, Any]:
    files = [[one.path, f"{one.mode:o}", one.sha256, one.link] for one in tree.files]
    return {"folder": tree.is_folder, "files": files}


FILE = Tree(is_folder=False, files=(ContextFile.of("score.py", b"print()\n"),))
LINK = ContextFile(path="lib/now", sha256="34" * 32, link="../1.0")
TOOL = ContextFile(path="tool", sha256="56" * 32, mode=0o755)
FOLDER = Tree(is_folder=True, files=(ContextFile.of("a b/é", b""), LINK, TOOL))
NUMPY = conda_package("numpy", "2.1.0", "py312_0", timestamp=1_700_000_000_999, size=9 * MIB)
PYTHON = conda_package("python", "3.12.7", "0_cpython", timestamp=1_600_000_000_000, size=30 * MIB)
CONDA = conda_lock(NUMPY, PYTHON, conda_package("_libgcc_mutex"))
SOURCES = PlatformLock(
    **pip_lock(wheel("six")).model_dump(exclude={"sources", "build"}),
    sources=(
        SourcePackage(
            name="pets",
            version="1.0",
            kind="sdist",
            url="https://files.pythonhosted.org/pets-1.0.tar.gz",
            sha256="ab" * 32,
            backend="setuptools.build_meta",
            backend_path=("backend",),
            build=("setuptools==80.0", "wheel==0.45"),
        ),
    ),
    build=(wheel("setuptools", "80.0"), wheel("wheel", "0.45")),
)
COMMIT = PlatformLock(
    **pip_lock().model_dump(exclude={"sources"}),
    sources=(
        SourcePackage(
            name="pets",
            version="1.0",
            kind="git",
            repository="https://git.example.com/pets.git",
            commit="4e" * 20,
            ref="v1",
            subdirectory="libs/pets",
            sha256="cd" * 32,
            size=10240,
            backend="own",
        ),
    ),
)
DEBIAN = (
    SystemPackage(
        name="libc6-dev",
        version="2:2.36-9",
        architecture="amd64",
        url="http://deb.debian.org/debian/pool/main/g/glibc/libc6-dev_2%3a2.36-9_amd64.deb",
        sha256="78" * 32,
        size=1,
    ),
)


def many(count: int, size: int, prefix: str = "p") -> Iterator[Any]:
    """Yield wheels of one size."""
    return (wheel(f"{prefix}-{number}", size=size) for number in range(count))


def at_path(interpreter: str) -> PlatformLock:
    """Return a lock with a wheel, which knows where the base has its Python."""
    lock = pip_lock(wheel("six"))
    found = lock.base.model_copy(update={"interpreter": interpreter})
    return lock.model_copy(update={"base": found})


CASES_BY_NAME = {
    "nothing": Case(what="a base, and nothing else", data={}, lock=BARE),
    "pip": Case(
        what="wheels on a base that has Python",
        data={"python": "3.12", "pip": ["six", "rich"]},
        lock=pip_lock(wheel("rich", "14.1"), wheel("six")),
    ),
    "base-python": Case(
        what="the base's Python where it does not lie as in Python's own images",
        data={"python": "3.12", "pip": ["six"]},
        lock=at_path("/venv/bin/python3"),
    ),
    "usual-python": Case(
        what="the base's Python where Python's own images have it: as if the lock did not say",
        data={"python": "3.12", "pip": ["six"]},
        lock=at_path("/usr/local/bin/python3"),
    ),
    "local-wheel": Case(
        what="a wheel beside the spec goes by its file name",
        data={"pip": {"wheels": ["dist/pets-1.0-py3-none-any.whl"]}},
        lock=pip_lock(wheel("pets", url=None, path="dist/pets-1.0-py3-none-any.whl", index=None)),
    ),
    "conda": Case(
        what="Conda packages bring activation, and the time of creation",
        data={"conda": ["numpy"], "healthcheck": {"run": "true", "start": "1s"}},
        lock=CONDA,
    ),
    "conda-and-pip": Case(
        what="both kinds of packages, and an entrypoint of the spec's",
        data={"conda": ["numpy"], "pip": ["six"], "entrypoint": ["tini", "--"]},
        lock=CONDA.model_copy(update={"pip": (wheel("six"),)}),
    ),
    "heavy": Case(
        what="a package of half of the cap or more has a layer of its own",
        data={"pip": ["six"]},
        lock=pip_lock(wheel("torch", size=4 * MIB), wheel("six", size=4 * MIB - 1), wheel("rich")),
    ),
    "classes": Case(
        what="what does not fit into a cap is divided by size, then by the bits of names' digests",
        data={"pip": ["six"]},
        lock=pip_lock(
            *many(24, MIB, "medium"), *many(70, 200 * KIB, "small"), *many(5, 3 * MIB, "large")
        ),
    ),
    "cap": Case(
        what="the cap grows until there are at most nine layers",
        data={"pip": ["six"]},
        lock=pip_lock(*many(40, 7 * MIB), *many(30, 300 * KIB, "q"), wheel("six", size=300 * MIB)),
    ),
    "divided-on": Case(
        what="what is left of the budget divides on what weighs more than 1 MiB, where it saves most",
        data={"conda": ["numpy"], "pip": ["six"]},
        lock=conda_lock(
            *(conda_package(f"lib-{number}", size=MIB) for number in range(3)),
            pip=(
                *many(30, 200 * KIB, "small"),
                *many(2, MIB, "medium"),
                wheel("six", size=3 * MIB),
            ),
        ),
    ),
    "two-kinds": Case(
        what="Conda packages and wheels share the layers that are allowed, and the cap",
        data={"conda": ["numpy"], "pip": ["six"]},
        lock=conda_lock(
            NUMPY,
            PYTHON,
            *(conda_package(f"lib-{number}", size=5 * MIB) for number in range(20)),
            pip=tuple(many(20, 3 * MIB)),
        ),
    ),
    "more-layers": Case(
        what="as many layers as the spec says",
        data={"pip": ["six"], "layers": "20"},
        lock=pip_lock(*many(40, 7 * MIB), *many(30, 300 * KIB, "q"), wheel("six", size=300 * MIB)),
    ),
    "few-layers": Case(
        what="a layer of each kind, and the one that no package brings: three are enough",
        data={"conda": ["numpy"], "pip": ["six"], "layers": "3"},
        lock=CONDA.model_copy(update={"pip": tuple(many(20, 3 * MIB))}),
    ),
    "whole": Case(
        what="less than a layer of each kind: all lies in one, divided before as by default",
        data={"conda": ["numpy"], "pip": ["six"], "layers": "2"},
        lock=CONDA.model_copy(update={"pip": tuple(many(20, 3 * MIB))}),
    ),
    "sources": Case(
        what="what is built from source, and what builds it",
        data={"pip": {"packages": ["six", "pets"], "sdists": ["pets"]}},
        lock=SOURCES,
    ),
    "commit": Case(
        what="what is built from a folder of a commit, by the files of that",
        data={"pip": ["pets @ git+https://git.example.com/pets.git@v1#subdirectory=libs/pets"]},
        lock=COMMIT,
    ),
    "system": Case(
        what="Debian packages go by their file names, whose escapes are resolved",
        data={"system": {"packages": ["libc6-dev"]}},
        lock=BARE.model_copy(update={"system": DEBIAN}),
    ),
    "unresolved": Case(
        what="Debian packages that nobody could resolve",
        data={"system": {"packages": ["git"]}},
        lock=BARE.model_copy(update={"unresolved": ("git",)}),
    ),
    "steps": Case(
        what="steps before and after the packages, with variables of the build",
        data={
            "variables": {"VIRTUAL_ENV": "/opt/env", "PATH": "/srv/bin"},
            "build-variables": {"MAKEFLAGS": "-j2"},
            "before-packages": [{"run": "true"}],
            "steps": [{"run": {"command": 'echo "é\u2028\x7f\U0001f600" \\', "network": True}}],
        },
        lock=pip_lock(wheel("six")),
    ),
    "copies": Case(
        what="files: into a folder, as a name, from a folder, links, owners and modes",
        data={
            "workdir": "/app",
            "steps": [
                {"copy": {"from": "score.py", "to": "."}},
                {"copy": {"from": "score.py", "to": "../srv/x.py"}},
                {"copy": {"from": "src", "to": "/", "owner": "10", "mode": "755"}},
                {"copy": {"from": "src", "to": "src/", "owner": "www-data:www-data"}},
            ],
        },
        lock=BARE,
        trees={"score.py": FILE, "src": FOLDER},
    ),
    "metadata": Case(
        what="labels, ports, volumes, a health check that takes the base's away, a stop signal",
        data={
            "labels": {"b": "", "a": "\t$x"},
            "ports": ["9000/udp", "80"],
            "volumes": ["/data/../x", "/b"],
            "healthcheck": "none",
            "stopsignal": "SIGINT",
            "user": "root",
        },
        lock=BARE,
    ),
    "accounts": Case(
        what="a user by name has no home that is known, and is not made",
        data={"user": "app:web"},
        lock=BARE,
    ),
    "numbers": Case(
        what="a user by number is made, with a group of its own number",
        data={"user": "2000"},
        lock=BARE,
    ),
    "platforms": Case(
        what="what is for one platform only",
        data={
            "platforms": [AMD64, "linux/arm64"],
            "variables": {"A": {AMD64: "x", "linux/arm64": "y"}, "B": "z"},
            "steps": [{"run": "a", "on": AMD64}, {"run": "b", "on": "linux/arm64"}],
        },
        lock=BARE,
        platform="linux/arm64",
    ),
    "only-used": Case(
        what="secrets, indexes, channels, checks and how it is run are in the spec id alone",
        data={
            "base": {"image": "pets:1", "registry": "registry.example"},
            "channels": [{"channel": "https://conda.example/c", "secret": "CONDA_TOKEN"}],
            "pip": {
                "packages": ["six"],
                "indexes": [{"url": "https://pypi.example/simple/", "secret": "PYPI_TOKEN"}],
            },
            "check": {"import": ["six"], "run": ["true"], "timeout": "1m"},
            "runtime": {"shm": "2g", "mounts": [{"from": "data/", "to": "/data"}]},
            "serve": {"entry": "score.py", "port": "8080"},
            "train": {"script": "./train.py"},
            "exclude-newer": "2026-01-31",
            "python": "3.12",
        },
        lock=pip_lock(wheel("six", "1.17")),
    ),
    "interpreter": Case(
        what="a Python that the base brings, and the CUDA that it is for",
        data={"interpreter": "/usr/bin/python3", "cuda": "12.4", "base": {"image": "python:3.12"}},
        lock=BARE,
    ),
    "templates": Case(
        what="templates of the user's, and a Dockerfile as base beside what is built from source",
        data={"base": {"dockerfile": "Dockerfile"}, "pip": {"packages": ["pets"]}},
        lock=SOURCES,
        given={
            "templates": [["parts/a.j2", "9a" * 32], ["stage.j2", "bc" * 32]],
            "recipe": {
                "dockerfile": "de" * 32,
                "images": [[BASE.image, BASE.digest]],
                "stage": 1,
                "files": [["a.txt", "644", "f0" * 32, None]],
            },
        },
    ),
}


@pytest.mark.parametrize("name", CASES_BY_NAME)
def test_the_vectors_are_what_envc_computes(name: str, update_golden: bool) -> None:
    path, actual = CASES / f"{name}.json", readable_json(CASES_BY_NAME[name].render())
    if update_golden:
        path.write_text(actual)

    assert path.read_text() == actual


def test_there_are_no_other_vectors() -> None:
    assert {path.stem for path in CASES.glob("*.json")} == set(CASES_BY_NAME)


@pytest.mark.parametrize("path", sorted(CASES.glob("*.json")), ids=lambda path: path.stem)
def test_the_document_is_enough_to_compute_the_vectors(path: Path) -> None:
    case = json.loads(path.read_text())

    assert checker.identity_tree(case) == case["tree"]
    assert checker.env_id(case) == case["env_id"]
    assert checker.spec_id(case["spec"]) == case["spec_id"]


def test_every_vector_has_an_id_of_its_own() -> None:
    ids = [json.loads(path.read_text())["env_id"] for path in CASES.glob("*.json")]

    assert len(set(ids)) == len(ids)


def test_another_python_of_the_base_is_another_environment() -> None:
    lock, places = (
        pip_lock(wheel("six")),
        ("/usr/local/bin/python3", "/usr/bin/python3", "/a/python3"),
    )
    data = {"python": "3.12", "pip": ["six"]}

    unsaid = Case(what="", data=data, lock=lock).render()["env_id"]
    usual, *others = (
        Case(what="", data=data, lock=at_path(place)).render()["env_id"] for place in places
    )

    assert unsaid == usual
    assert len({unsaid, *others}) == 3


def digests_in(data: Any) -> Iterator[list[str | int]]:
    """Yield the path of every digest in a lock's section."""
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in items:
        if isinstance(value, dict | list):
            yield from ([key, *rest] for rest in digests_in(value))
        elif key in {"sha256", "digest"}:
            yield [key]


@pytest.mark.parametrize("name", CASES_BY_NAME)
def test_every_artefact_of_a_lock_counts_whatever_else_there_is(name: str) -> None:
    case = CASES_BY_NAME[name]
    own = case.render()
    for path in digests_in(own["lock"]):
        changed = json.loads(json.dumps(own["lock"]))
        place = changed
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = place[path[-1]][:-2] + "00"
        other = replace(case, lock=PlatformLock.model_validate(changed))

        assert other.render()["env_id"] != own["env_id"], path


def examples() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield each example's name, the name of a vector, and all that the vector is computed from."""
    for path in sorted(VECTORS.glob("*.json")):
        vectors = json.loads(path.read_text())
        lock = json.loads(SPECS.joinpath(path.stem, f"{path.stem}.lock").read_text())
        forms = vectors["spec"]["of"]
        for name in sorted(vectors):
            variant, _, platform = name.rpartition(" ")
            if platform == "spec":
                continue
            spec = forms["variants"][variant] if variant else forms["spec"]
            section = lock["variants"][variant] if variant else lock
            yield (
                path.stem,
                name,
                {
                    "platform": platform,
                    "spec": spec,
                    "lock": section["platforms"][platform],
                    "trees": dict(read_trees(SPECS / path.stem, spec)),
                },
            )


def read_trees(folder: Path, spec: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the trees of copy steps, of which the examples have no links and nothing to leave out."""
    steps = [*spec.get("before_packages", ()), *spec["steps"]]
    for place, step in enumerate(steps):
        if "copy" not in step:
            continue
        root = folder / step["copy"]["from"]
        is_folder = root.is_dir()
        files = sorted(root.rglob("*")) if is_folder else [root]
        yield (
            str(place),
            {
                "folder": is_folder,
                "files": [
                    [
                        file.relative_to(root if is_folder else root.parent).as_posix(),
                        "755" if file.stat().st_mode & 0o100 else "644",
                        hashlib.sha256(file.read_bytes()).hexdigest(),
                        None,
                    ]
                    for file in files
                    if file.is_file() and "__pycache__" not in file.parts
                ],
            },
        )


@pytest.mark.parametrize(("example", "name", "case"), list(examples()))
def test_the_document_is_enough_to_compute_the_examples(
    example: str, name: str, case: dict[str, Any]
) -> None:
    vector = json.loads(VECTORS.joinpath(f"{example}.json").read_text())[name]

    assert checker.identity_tree(case) == vector["of"]
    assert checker.env_id(case) == vector["id"]


@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.json")), ids=lambda path: path.stem)
def test_the_document_is_enough_to_compute_spec_ids(path: Path) -> None:
    vectors = json.loads(path.read_text())
    published = {name: one for name, one in vectors.items() if name.split()[-1] == "spec"}

    for vector in published.values():
        of = vector["of"]
        forms = of.get("variants")
        own = checker.spec_id(of["spec"]) if forms is None else checker.matrix_id(forms)
        assert own == vector["id"]


json_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(json_data | st.text(st.characters(categories=["Cs", "Cc", "So"])))
def test_the_document_says_what_canonical_json_is(data: Any) -> None:
    assert checker.canonical(data).encode() == canonical_json(data)


# The same anywhere.

HASH = "import sys; from envc.cli import main; sys.exit(main(['hash', '--json', sys.argv[1]]))"


def hash_of(spec: Path, tmp_path: Path, python: str = sys.executable, **variables: str) -> Any:
    """Return what `envc hash` says in a process of its own, in another folder."""
    tmp_path.joinpath("elsewhere").mkdir(exist_ok=True)
    done = subprocess.run(
        [python, "-c", HASH, str(spec)],
        cwd=tmp_path / "elsewhere",
        env={**os.environ, "ENVC_CACHE": str(tmp_path / f"cache-{len(variables)}"), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "4242", "LC_ALL": "C", "PYTHONUTF8": "0"},
        {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "Pacific/Kiritimati"},
        {"PYTHONOPTIMIZE": "2", "TZ": "America/St_Johns", "LC_ALL": "POSIX"},
        {"ENVC_MIRRORS": "https://pypi.org/simple=http://mirror.example/pypi"},
    ],
)
@pytest.mark.parametrize("example", ["pets", "training"])
def test_ids_are_the_same_in_any_surroundings(
    example: str, variables: dict[str, str], tmp_path: Path
) -> None:
    spec = next(SPECS.joinpath(example).glob(f"{example}.envc"))
    published = json.loads(SPECS.joinpath(example, "ids.json").read_text())

    found = hash_of(spec, tmp_path, **variables)

    ids = json.dumps({key: found[key] for key in published}, sort_keys=True)
    assert ids == json.dumps(published, sort_keys=True)


def other_pythons() -> Iterator[str]:
    """Yield the interpreters of other series on this machine that envc can run with."""
    for minor in range(11, 15):
        found = shutil.which(f"python3.{minor}")
        if found is None or minor == sys.version_info.minor:
            continue
        works = subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0
        if works:
            yield found


@pytest.mark.parametrize("python", [sys.executable, *other_pythons()])
def test_the_document_gives_the_same_ids_on_other_pythons(python: str) -> None:
    """With the checker, which needs no library: envc's own would have to be installed for each."""
    code = (
        "import json, sys; sys.path.insert(0, sys.argv[1]); from identity import checker\n"
        "for path in sys.argv[2:]:\n"
        "    case = json.load(open(path))\n"
        "    assert checker.env_id(case) == case['env_id'], path\n"
    )
    paths = [str(path) for path in sorted(CASES.glob("*.json"))]

    done = subprocess.run(
        [python, "-c", code, str(TESTS), *paths], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def pythons_with_envc() -> list[str]:
    """Return this interpreter, and those of `ENVC_TEST_PYTHONS` (a list as PATH is), which have envc too."""
    named = os.environ.get("ENVC_TEST_PYTHONS", "").split(os.pathsep)
    return [sys.executable, *filter(None, named)]


@pytest.mark.parametrize("python", pythons_with_envc())
@pytest.mark.parametrize(
    "path", sorted(SPECS.glob("*/ids.json")), ids=lambda path: path.parent.name
)
def test_envc_says_the_published_ids_on_every_python(
    path: Path, python: str, tmp_path: Path
) -> None:
    published = json.loads(path.read_text())
    forms = (path.with_name(f"{path.parent.name}{end}") for end in (".envc", ".yaml"))
    spec = next(form for form in forms if form.is_file())

    found = hash_of(spec, tmp_path, python=python)

    assert {key: found[key] for key in published} == published
