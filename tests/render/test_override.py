"""Users' templates: what they fill and replace, what the ids make of them, and what is wrong with them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from envc import pipeline
from envc.cli import main
from envc.errors import EnvcError
from envc.machine import Machine
from envc.mirror import MirrorMap
from envc.pipeline.override import read_overrides

SPECS = Path(__file__).parents[2] / "specs"
END = '{% extends "envc/stage.j2" %}{% block end %}LABEL a=b\n{% endblock %}'


@pytest.fixture
def quickstart(tmp_path: Path) -> Path:
    for name in ("quickstart.envc", "quickstart.lock"):
        shutil.copy(SPECS / "quickstart" / name, tmp_path)
    return tmp_path / "quickstart.envc"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(environment={}, cache=tmp_path / "cache", mirrors=MirrorMap())


def write(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        path = folder / f"{name.replace('__', '/')}.j2"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def compile_(spec: Path, machine: Machine, templates: Path | None = None) -> tuple[str, str]:
    """Return the Dockerfile and the env id."""
    folder = spec.parent / "build"
    done = pipeline.compile(spec, folder, machine, templates=templates)
    return (folder / "Dockerfile").read_text(), done.identity.variants[""].env_ids["linux/amd64"]


def env_id(spec: Path, machine: Machine, templates: Path | None = None) -> str:
    found = pipeline.identify(spec, machine, templates=templates)
    return found.variants[""].env_ids["linux/amd64"]


def added(before: str, after: str) -> list[str]:
    old = before.splitlines()
    return [line for line in after.splitlines() if line not in old and "dev.envc" not in line]


def test_each_block_of_a_stage_goes_to_its_place(
    quickstart: Path, machine: Machine, tmp_path: Path
) -> None:
    names = ("before", "comment", "begin", "instructions", "end")
    blocks = "".join(f"{{% block {name} %}}# {name}\n{{% endblock %}}" for name in names)
    mine = write(tmp_path / "mine", stages__system='{% extends "envc/stage.j2" %}' + blocks)

    text, _ = compile_(quickstart, machine, mine)

    start = text.index("# before")
    found = text[start:].split("\n\n")[0].splitlines()
    assert found == [
        "# before",
        "# comment",
        "FROM base AS system",
        "# begin",
        "# instructions",
        "# end",
    ]


def test_from_can_be_replaced(quickstart: Path, machine: Machine, tmp_path: Path) -> None:
    text = (
        '{% extends "envc/stage.j2" %}{% block from %}'
        "FROM --platform=linux/amd64 {{ stage.base }} AS {{ stage.name }}\n{% endblock %}"
    )
    mine = write(tmp_path / "mine", stages__image=text)

    after, _ = compile_(quickstart, machine, mine)

    assert "FROM --platform=linux/amd64 system AS image\n" in after


def test_a_stage_template_is_for_all_stages_that_have_no_own(
    quickstart: Path, machine: Machine, tmp_path: Path
) -> None:
    before, _ = compile_(quickstart, machine)
    mine = write(
        tmp_path / "mine",
        stage='{% extends "envc/stage.j2" %}{% block begin %}# every\n{% endblock %}',
        stages__image='{% extends "envc/stage.j2" %}{% block begin %}# own\n{% endblock %}',
    )

    after, _ = compile_(quickstart, machine, mine)

    choices = before.count("\nFROM tool-wheels-${BUILDARCH} AS ")
    assert choices == 1
    assert after.count("# every\n") == before.count("\nFROM ") - 1 - choices
    assert after.count("# own\n") == 1


def test_a_stage_template_can_build_on_the_users_own(
    quickstart: Path, machine: Machine, tmp_path: Path
) -> None:
    mine = write(
        tmp_path / "mine",
        stage='{% extends "envc/stage.j2" %}{% block begin %}# every\n{% endblock %}',
        stages__image='{% extends "stage.j2" %}{% block end %}{% include "parts/label.j2" %}{% endblock %}',
        parts__label="LABEL a={{ 'b c' | quote }}\n",
    )

    after, _ = compile_(quickstart, machine, mine)

    image = after[after.index("FROM system AS image") :]
    assert image.splitlines()[1] == "# every"
    assert image.endswith('LABEL a="b c"\n')


def test_the_head_is_no_part_of_the_id(quickstart: Path, machine: Machine, tmp_path: Path) -> None:
    before, plain = compile_(quickstart, machine)
    text = '{% extends "envc/head.j2" %}{% block head %}# Ours.\n{{ super() }}{% endblock %}'
    mine = write(tmp_path / "mine", head=text)

    after, own = compile_(quickstart, machine, mine)

    assert (after, own) == ("# Ours.\n" + before, plain)


@pytest.mark.parametrize(
    "line",
    ["FROM scratch AS x", "ARG SOURCE_DATE_EPOCH=5", "# syntax=evil/frontend:1", "# Escape = `"],
)
def test_a_head_has_comments_only_since_no_id_depends_on_it(
    quickstart: Path, machine: Machine, tmp_path: Path, line: str
) -> None:
    mine = write(tmp_path / "mine", head=f"# Ours.\n{line}\n")

    with pytest.raises(EnvcError) as caught:
        compile_(quickstart, machine, mine)

    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.message) == (
        "E563",
        f"a head has comments only, and this renders `{line}`",
    )
    assert [label.span.position.line for label in problem.labels] == [2]


@pytest.mark.parametrize("used", ["head.j2", "stages/unused.j2"])
@pytest.mark.parametrize("way", ["include", "extends", "import"])
def test_a_template_takes_in_nothing_that_no_id_depends_on(
    quickstart: Path, machine: Machine, tmp_path: Path, way: str, used: str
) -> None:
    rest = " as x" if way == "import" else ""
    mine = write(
        tmp_path / "mine",
        head="# x\n",
        stages__unused=END,
        stages__image=f"{{% {way} '{used}'{rest} %}}",
    )

    with pytest.raises(EnvcError) as caught:
        compile_(quickstart, machine, mine)

    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.message) == ("E563", f"there is no template `{used}`")


def test_a_stage_may_extend_that_of_all_which_the_id_depends_on(
    quickstart: Path, machine: Machine, tmp_path: Path
) -> None:
    texts = (END, END.replace("a=b", "a=c"))
    folders = [
        write(tmp_path / str(number), stage=text, stages__image='{% extends "stage.j2" %}')
        for number, text in enumerate(texts)
    ]

    made = [compile_(quickstart, machine, mine) for mine in folders]

    assert [text.count("LABEL a=") > 0 for text, _ in made] == [True, True]
    assert made[0][1] != made[1][1]


def test_the_id_depends_on_what_a_build_uses_and_on_nothing_else(
    quickstart: Path, machine: Machine, tmp_path: Path
) -> None:
    plain = env_id(quickstart, machine)
    unused = write(tmp_path / "unused", stages__conda=END, parts__x="x")
    used = write(tmp_path / "used", stages__image=END)
    windows = write(tmp_path / "windows", stages__image=END.replace("\n", "\r\n"))
    other = write(tmp_path / "other", stages__image=END + " ")

    ids = [env_id(quickstart, machine, mine) for mine in (unused, used, windows, other)]

    assert ids[0] == plain
    assert ids[1] == ids[2]
    assert len({plain, ids[1], ids[3]}) == 3


def test_a_kept_result_is_not_that_of_other_templates(
    quickstart: Path, machine: Machine, tmp_path: Path
) -> None:
    mine = write(tmp_path / "mine", stages__image=END)
    first, _ = compile_(quickstart, machine, mine)
    write(mine, stages__image=END.replace("a=b", "a=c"))

    second, _ = compile_(quickstart, machine, mine)

    assert added(first, second) == ["LABEL a=c"]


def test_image_json_and_the_depfile_tell_of_templates(
    quickstart: Path, machine: Machine, tmp_path: Path
) -> None:
    mine = write(tmp_path / "mine", stages__image=END, head="# x\n")

    done = pipeline.compile(quickstart, tmp_path / "build", machine, templates=mine)

    told = json.loads((tmp_path / "build" / "image.json").read_text())["templates"]
    assert [name for name, _ in told] == ["stages/image.j2"]
    assert done.sources[-2:] == (mine / "head.j2", mine / "stages" / "image.j2")


def test_check_compares_with_templates(
    quickstart: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ENVC_CACHE", str(tmp_path / "cache"))
    mine = write(tmp_path / "mine", stages__image=END)
    words = ["compile", str(quickstart), "-o", str(tmp_path / "build")]
    main([*words, "--templates", str(mine)])

    code = main([*words, "--check"])
    again = main([*words, "--check", "--templates", str(mine)])

    assert (code, again) == (4, 0)
    assert "E554" in capsys.readouterr().err


def test_the_origins_of_lines_are_kept(machine: Machine, tmp_path: Path) -> None:
    from envc.pipeline.prepared import prepare, render_plan

    spec = SPECS / "pets" / "pets.envc"
    mine = write(
        tmp_path / "mine",
        stage='{% extends "envc/stage.j2" %}{% block begin %}# one\n# two\n{% endblock %}',
    )
    prepared = prepare(spec, machine, MirrorMap(), templates=mine).variants[""]

    rendered = render_plan(prepared)

    plain = render_plan(prepare(spec, machine, MirrorMap()).variants[""])
    own, expected = rendered.text.splitlines(), plain.text.splitlines()
    places = [(own[line - 1], span.position) for line, span in rendered.origins.items()]
    wanted = [(expected[line - 1], span.position) for line, span in plain.origins.items()]
    assert [place for place in places if "dev.envc" not in place[0]] == [
        place for place in wanted if "dev.envc" not in place[0]
    ]
    assert len(places) > 5


@pytest.mark.parametrize(
    ("text", "code", "message", "place"),
    [
        ("{% block x %}", "E562", "this is not a template", (1, 1)),
        (
            '{% extends "envc/stage.j2" %}\n{% block end %}\n  {{ nobody }}\n{% endblock %}',
            "E563",
            "`nobody` is undefined",
            (3, 3),
        ),
        (
            "{{ stage.nothing }}",
            "E563",
            "a stage has no attribute `nothing`",
            (1, 1),
        ),
        ('{% include "envc/none.j2" %}', "E563", "there is no template `envc/none.j2`", (1, 1)),
        ('{% include "/etc/passwd" %}', "E563", "there is no template `/etc/passwd`", (1, 1)),
        (
            "\n{{ 1 // 0 }}",
            "E563",
            "the template fails: integer division or modulo by zero",
            (2, 1),
        ),
        (
            "{{ 'a\\nb' | quote }}",
            "E563",
            "the template fails: a line end or NUL cannot be quoted here",
            (1, 1),
        ),
        (
            "{{ stage.__class__.__mro__ }}",
            "E563",
            "access to attribute `__class__` of `Stage` object is unsafe",
            (1, 1),
        ),
        (
            "{% for i in range(10 ** 9) %}x{% endfor %}",
            "E563",
            "the template fails: range too big",
            (1, 1),
        ),
    ],
)
def test_what_is_wrong_with_a_template_is_told_at_its_line(
    quickstart: Path,
    machine: Machine,
    tmp_path: Path,
    text: str,
    code: str,
    message: str,
    place: tuple[int, int],
) -> None:
    mine = write(tmp_path / "mine", stages__image=text)

    with pytest.raises(EnvcError) as caught:
        compile_(quickstart, machine, mine)

    (problem,) = caught.value.diagnostics
    (label,) = problem.labels
    at = label.span.source.position(label.span.start)
    assert problem.code == code
    assert message in problem.message
    assert (label.span.source.name, (at.line, at.column)) == (str(mine / "stages/image.j2"), place)


@pytest.mark.parametrize(
    ("name", "code"),
    [(None, "E560"), ("notes.txt", "E560"), ("stages.j2", "E561"), ("stages/a/b.j2", "E561")],
)
def test_a_folder_without_templates_is_refused(tmp_path: Path, name: str | None, code: str) -> None:
    folder = tmp_path / "mine"
    if name is not None:
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text("")

    with pytest.raises(EnvcError) as caught:
        read_overrides(folder)

    assert [problem.code for problem in caught.value.diagnostics] == [code]


def test_a_template_that_is_no_text_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "mine", stage="")
    (folder / "stage.j2").write_bytes(b"\xff\xfe")

    with pytest.raises(EnvcError) as caught:
        read_overrides(folder)

    assert caught.value.diagnostics[0].code == "E560"
