"""What is said about codes: its form, and commands in it that are run as a reader would."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from envc import resources
from envc.cli import main
from envc.errors import UsageError
from envc.explanation import Block, Explanation, codes, explain, is_code, page, parse, write
from envc.lock.codec import dumps
from envc.lock.model import Lock
from envc.lock.package import PipPackage
from support.explaining import EXAMPLES, RUN, blocks_of, path_of
from support.workspace import SPEC, lock_of

PAGE = Path(__file__).parents[1] / "docs" / "diagnostics.md"
WELL_FORMED = """\
# E999: a thing is wrong

make it right

## Wrong

`pets.envc`:

```envc
environment pets

```

```console
$ envc check pets.envc
error[E999]: no
```

## Right

```text
yes
```
"""


WHEEL = "dist/pets-1.0-py3-none-any.whl"
LOCAL = f"""\
environment local

base image "python:3.12-slim-bookworm"
python 3.12
pip {{ wheel "{WHEEL}" }}
"""


def lock_of_local() -> Lock:
    """Return the lock of a spec that has a wheel of its own and nothing else."""
    lock = lock_of(LOCAL)
    wheel = PipPackage(
        name="pets",
        version="1.0",
        path=WHEEL,
        sha256=hashlib.sha256(b"a wheel\n").hexdigest(),
    )
    platforms = {
        name: platform.model_copy(update={"pip": (wheel,)})
        for name, platform in lock.platforms.items()
    }
    return lock.model_copy(update={"platforms": platforms})


class Shell:
    """A folder with `pets.envc`, its lock, `src/a.py` and `local.lock`, where commands are run."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd
        self.failures: list[str] = []

    def play(self, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
        """Write the files, run the commands, and return the blocks with what was printed."""
        return tuple(self._play_one(block) for block in blocks)

    def _play_one(self, block: Block) -> Block:
        if block.name:
            path = Path(block.name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        if block.kind != "console":
            return block
        lines = re.findall(r"^\$ (.+)$", block.text, re.MULTILINE)
        return replace(block, text="".join(f"$ {line}\n{self._run(line)}" for line in lines))

    def _run(self, line: str) -> str:
        words = shlex.split(line)
        if words[0] == "envc" and not set(line) & set("<>|;&$"):
            code = main(words[1:])
            captured = self._capfd.readouterr()
            said = captured.out + captured.err
        else:
            script = f'envc() {{ "{sys.executable}" -m envc "$@"; }}; {line}'
            done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
            code, said = done.returncode, done.stdout + done.stderr
        if code:
            self.failures.append(f"{line}: {said}")
        return said


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Shell:
    work = tmp_path / "work"
    (work / "src").mkdir(parents=True)
    (work / "src" / "a.py").write_text("a\n")
    (work / "pets.envc").write_text(SPEC)
    (work / "pets.lock").write_text(dumps(lock_of(SPEC)))
    (work / "dist").mkdir()
    (work / WHEEL).write_text("a wheel\n")
    (work / "local.lock").write_text(dumps(lock_of_local()))
    monkeypatch.chdir(work)
    for name in [name for name in os.environ if name.startswith("ENVC_")]:
        monkeypatch.delenv(name)
    source = str(Path(resources.__file__).parents[1])
    monkeypatch.setenv("PYTHONPATH", source)
    monkeypatch.setenv("ENVC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ENVC_HOME", "home")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    return Shell(capfd)


@pytest.mark.parametrize("code", EXAMPLES)
def test_the_example_of_what_a_spec_causes_is_its_case(code: str, update_golden: bool) -> None:
    path, (wrong, right) = path_of(code), blocks_of(EXAMPLES[code])
    if update_golden:
        title, _, advice, *_ = path.read_text(encoding="utf-8").split("\n")
        new = Explanation(
            code=code,
            meaning=title.removeprefix(f"# {code}: "),
            advice=advice,
            wrong=wrong,
            right=right,
        )
        path.write_text(write(new), encoding="utf-8")

    found = parse(path.read_text(encoding="utf-8"))

    assert (found.wrong, found.right) == (wrong, right)


@pytest.mark.parametrize("code", RUN)
def test_a_wrong_example_reports_what_is_shown(
    code: str, shell: Shell, update_golden: bool
) -> None:
    found = explain(code)

    played = replace(found, wrong=shell.play(found.wrong))
    if update_golden:
        path_of(code).write_text(write(played), encoding="utf-8")

    assert f"[{code}]" in played.wrong[-1].text
    assert explain(code) == played


@pytest.mark.parametrize("code", RUN)
def test_a_right_example_reports_nothing(code: str, shell: Shell) -> None:
    shell.play(explain(code).right)

    assert shell.failures == []


def test_the_page_is_what_the_explanations_say(update_golden: bool) -> None:
    text = page(explain(code) for code in codes())
    if update_golden:
        PAGE.write_text(text, encoding="utf-8")

    assert PAGE.read_text(encoding="utf-8") == text


def test_an_explanation_is_read_and_written() -> None:
    found = parse(WELL_FORMED)

    assert (found.code, found.meaning, found.advice) == (
        "E999",
        "a thing is wrong",
        "make it right",
    )
    assert found.wrong == (
        Block(kind="envc", name="pets.envc", text="environment pets\n\n"),
        Block(kind="console", text="$ envc check pets.envc\nerror[E999]: no\n"),
    )
    assert found.right == (Block(kind="text", text="yes\n"),)
    assert write(found) == WELL_FORMED


def test_a_block_may_hold_a_fence() -> None:
    block = Block(kind="text", text="```\nx\n```\n")
    found = replace(parse(WELL_FORMED), right=(block,))

    assert parse(write(found)) == found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# E999", "## E999"),
        ("make it right", ""),
        ("## Wrong", "## wrong"),
        ("## Right", "Right"),
        ("yes\n```", "yes"),
        ("`pets.envc`:\n", "Beside the point:\n"),
        ("`pets.envc`:\n\n", "`pets.envc`:\n"),
    ],
)
def test_an_explanation_in_another_form_is_refused(old: str, new: str) -> None:
    with pytest.raises(ValueError, match=r"expected|never closed|nothing belongs"):
        parse(WELL_FORMED.replace(old, new))


def test_codes_are_told_from_fields() -> None:
    assert [is_code(word) for word in ("E233", "w201", "E9", "base", "e", "E2x")] == [
        *(True, True, True),
        *(False, False, False),
    ]


def test_a_code_may_be_written_small() -> None:
    assert explain("e233") == explain("E233")


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("W247", "did you mean `E247`?"),
        ("EE233", "did you mean `E233`?"),
        ("W99999999", "`envc explain --codes` lists the codes"),
    ],
)
def test_an_unknown_code_is_explained(code: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        explain(code)

    [problem] = caught.value.diagnostics
    assert (problem.code, problem.message, problem.hint) == (
        *("E172", f"there is no diagnostic `{code}`"),
        hint,
    )
