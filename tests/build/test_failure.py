"""Builds that failed, as BuildKit told it, become diagnostics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from envc.build.report.event import Failure, Progress
from envc.build.report.failure import Evidence, explain_failure, shorten
from envc.build.report.title import Title, Titles
from envc.build.report.unfit import explain_start
from envc.diagnostics import Diagnostic, Label
from envc.errors import EnvcError, InputError, ToolError
from envc.source import Source, Span

RECORDED = Path(__file__).parent / "recorded"
LOG = Path("/cache/build.log")
SPEC = Source(name="pets.envc", text='environment pets\nrun "false"\n')
SPAN = SPEC.span(17, 28)
WANTED, GOT = (
    "sha256:" + "a" * 64,
    "sha256:ca0cd0a89de86a2ce37725bee15fd57a32190066bc3516820c50f65be449d7ea",
)
URL = "http://127.0.0.1:5080/conda-forge/noarch/repodata.json.zst"


def evidence(
    name: str, *, origins: Mapping[int, Span] | None = None, status: int | None = 200
) -> Evidence:
    progress = Progress()
    for line in (RECORDED / f"{name}.jsonl").read_text().splitlines():
        progress.feed(line)
    return Evidence(
        failure=progress.failure,
        messages=progress.messages,
        dockerfile=(RECORDED / f"{name}.Dockerfile").read_text(),
        origins=origins or {},
        log=LOG,
        status_of=lambda _: status,
    )


def told(*messages: str) -> Evidence:
    return Evidence(
        failure=None,
        messages=messages,
        dockerfile="FROM scratch\n",
        origins={},
        log=LOG,
        status_of=lambda _: None,
    )


def only(error: EnvcError) -> Diagnostic:
    (diagnostic,) = error.diagnostics
    return diagnostic


def test_a_failed_step_of_the_spec_is_shown_there_with_its_output() -> None:
    error = explain_failure(evidence("run", origins={2: SPAN}))

    assert isinstance(error, InputError)
    assert str(error) == (
        'error[E610]: the build step `2/3: RUN echo out; echo err >&2; sh -c "exit 7"` '
        "failed with exit code 7\n"
        " --> pets.envc:2:1\n"
        '2 | run "false"\n'
        "  | ^^^^^^^^^^^\n"
        "note: its last lines:\n"
        "      out\n"
        "      err\n"
        "note: Dockerfile, line 2\n"
        "note: the whole log: /cache/build.log\n"
    )


def test_a_failed_step_is_called_by_the_words_of_the_spec() -> None:
    failure = Failure(
        name='[image 2/2] RUN ["/bin/sh", "/mnt/envc/step.sh", "false"]',
        error='process "/bin/sh" did not complete successfully: exit code: 127',
        output=("/bin/sh: 1: fals: not found",),
    )
    titles = Titles(by_stage={"image": [None, Title(text='run "false"', origin=SPAN)]})

    problem = only(explain_failure(replace(told(), failure=failure, titles=titles)))

    assert (problem.message, problem.hint) == (
        'the build step `run "false"` failed with exit code 127',
        "install what it starts in a step before it, or among the `system` packages",
    )


def test_a_python_of_the_specs_that_does_not_work_is_named() -> None:
    output = 'exec: "/opt/py/bin/python": stat /opt/py/bin/python: no such file or directory'
    name = '[image 2/2] RUN ["/opt/py/bin/python", "-B", "-c", "import sys; print…'
    ran = "/opt/py/bin/python -B -c import sys; print(sys.version)"
    error = f'process "{ran}" did not complete successfully: exit code: 1'
    failure = Failure(name=name, error=error, output=(output,))

    explained = explain_failure(replace(told(), failure=failure))

    assert isinstance(explained, InputError)
    assert only(explained) == Diagnostic(
        code="E619",
        message="`/opt/py/bin/python` is no Python that works",
        notes=(f"its last lines:\n{output}", f"the whole log: {LOG}"),
        hint="name the one that the base or a step brings, by its path in the image",
    )


def test_an_environment_that_cannot_be_put_together_says_what_is_in_the_way() -> None:
    line = 'envc: {"hint": "take another", "problem": "the base\'s `/opt` is a link"}'
    failed = replace(told(), failure=Failure(name="x", error="y", output=("a", line)))

    explained = explain_failure(failed)

    assert isinstance(explained, InputError)
    problem = only(explained)
    assert (problem.code, problem.message, problem.hint) == (
        "E650",
        "the environment cannot be put together: the base's `/opt` is a link",
        "take another",
    )


def of_step(name: str, error: str, *output: str, **places: Span) -> Evidence:
    failure = Failure(name=name, error=f"{error} did not complete successfully: 1", output=output)
    return replace(told(), failure=failure, places=places)


def test_a_user_that_the_base_does_not_have_is_shown_in_the_spec() -> None:
    problem = 'envc: {"problem": "the base has no user `app`", "hint": "name another"}'
    alone = of_step("[system 1/1] RUN", 'process "id -u -- app"', "no such user", user=SPAN)
    assembled = of_step("[assembly 1/1] RUN", 'process "python3"', problem, user=SPAN)

    for found in (alone, assembled):
        error = explain_failure(found)
        assert isinstance(error, InputError)
        diagnostic = only(error)
        assert (diagnostic.code, diagnostic.message) == ("E558", "the base has no user `app`")
        assert [label.span for label in diagnostic.labels] == [SPAN]


def test_packages_that_do_not_fit_are_told_where_the_base_may_have_changed() -> None:
    words = "[system 1/1] RUN /mnt/envc/step.sh '/bin/sh /mnt/envc/system.sh /mnt/packages'"
    said = " git : Depends: libcurl (>= 7) but it is not installable"
    built = of_step(words, 'process "/bin/sh"', said, system=SPAN, dockerfile=SPEC.span(0, 16))
    pinned = of_step(words, 'process "/bin/sh"', said, system=SPAN)
    other = of_step(words, 'process "/bin/sh"', "postinst failed", dockerfile=SPAN)

    diagnostic = only(explain_failure(built))

    assert (diagnostic.code, diagnostic.labels[0].span) == ("E399", SPAN)
    assert diagnostic.notes[0] == f"apt says:\n{said.strip()}"
    assert [only(explain_failure(one)).code for one in (pinned, other)] == ["E610", "E610"]


def test_a_base_without_apt_is_told_by_the_build_where_nobody_could_ask_it() -> None:
    words = "[system 1/1] RUN /mnt/envc/step.sh '/bin/sh /mnt/envc/system.sh  git'"
    said = "/mnt/envc/system.sh: line 33: apt-get: command not found"

    diagnostic = only(explain_failure(of_step(words, 'process "/bin/sh"', said, system=SPAN)))

    assert (diagnostic.code, diagnostic.labels[0].span) == ("E393", SPAN)


def test_a_group_that_the_base_does_not_have_is_shown_in_the_spec() -> None:
    note = "unable to find group team: no matching entries in group file"
    refused = ToolError([Diagnostic(code="E603", message="it could not start", notes=(note,))])
    other = ToolError([Diagnostic(code="E603", message="it could not start")])

    diagnostic = only(explain_start(refused, SPAN))

    assert (diagnostic.code, diagnostic.message) == ("E558", "the base has no group `team`")
    assert diagnostic.labels == (Label(span=SPAN),)
    assert explain_start(other, SPAN) is other


def test_a_failed_step_of_ours_is_not_the_specs_fault() -> None:
    error = explain_failure(evidence("run", origins={9: SPAN}))

    assert isinstance(error, ToolError)
    assert only(error).code == "E610"


def test_an_artefact_with_other_bytes_is_named_with_both_hashes() -> None:
    error = explain_failure(evidence("wrong-hash", origins={2: SPAN}))

    assert isinstance(error, ToolError)
    diagnostic = only(error)
    assert diagnostic.code == "E611"
    assert diagnostic.message == "`repodata.json.zst` is not the file that the lock names"
    assert diagnostic.notes == (
        f"from {URL}",
        f"wanted {WANTED}",
        f"got    {GOT}",
        "Dockerfile, line 2",
        f"the whole log: {LOG}",
    )
    assert [label.span for label in diagnostic.labels] == [SPAN]


def test_the_page_of_a_404_is_not_taken_for_an_artefact_with_other_bytes() -> None:
    diagnostic = only(explain_failure(evidence("wrong-hash", status=404)))

    assert diagnostic.code == "E612"
    assert diagnostic.notes[:2] == (f"from {URL}", "it answered with status 404")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "https://pypi.example.com/pets-1.0.whl: 401 Unauthorized",
            (
                "E612",
                "BuildKit cannot fetch `pets-1.0.whl`",
                "401 Unauthorized",
                "check the credentials that the index's secret holds",
            ),
        ),
        (
            "https://pypi.example.com/pets-1.0.whl: <urlopen error timed out>",
            (
                "E612",
                "BuildKit cannot fetch `pets-1.0.whl`",
                "<urlopen error timed out>",
                "lock again if it was removed; else check the engine's network, or name a mirror",
            ),
        ),
        (
            f"digest mismatch {GOT}: {WANTED}: https://pypi.example.com/pets-1.0.whl",
            (
                "E611",
                "`pets-1.0.whl` is not the file that the lock names",
                f"wanted {WANTED}",
                "its source or a mirror changed it: find out which, before you lock again",
            ),
        ),
    ],
)
def test_what_is_fetched_with_credentials_fails_as_all_else_that_is_fetched(
    said: str, expected: tuple[str, str, str, str]
) -> None:
    failure = Failure(
        name='[private-wheels-amd64 1/1] RUN ["python3", "/mnt/envc/fetch.py", "/x", "/wheels"]',
        error="process did not complete successfully: exit code: 1",
        output=(said,),
    )

    error = explain_failure(replace(told(), failure=failure))

    problem = only(error)
    assert isinstance(error, ToolError)
    assert (problem.code, problem.message, problem.notes[1], problem.hint) == expected


def test_an_address_that_does_not_answer_us_leaves_buildkits_reason() -> None:
    assert only(explain_failure(evidence("wrong-hash", status=None))).code == "E611"


@pytest.mark.parametrize(
    ("name", "code", "kind", "line"),
    [
        ("artefact-unreachable", "E612", ToolError, 2),
        ("no-base", "E613", InputError, 1),
        ("base-refused", "E614", ToolError, 1),
        ("base-unreachable", "E614", ToolError, 1),
        ("no-secret", "E615", InputError, 2),
        ("syntax", "E617", ToolError, 2),
        ("no-file", "E610", ToolError, 2),
    ],
)
def test_recorded_failures_are_told_apart(
    name: str, code: str, kind: type[EnvcError], line: int
) -> None:
    error = explain_failure(evidence(name))

    assert type(error) is kind
    assert only(error).code == code
    assert f"Dockerfile, line {line}" in only(error).notes


def test_a_refused_base_says_how_to_log_in() -> None:
    diagnostic = only(explain_failure(evidence("base-refused")))

    assert diagnostic.hint == "run `docker login localhost:5001`"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("ERROR: Cannot connect to the Docker daemon at unix:///x. Is it running?", "E601"),
        ("unknown flag: --progress", "E606"),
        ("docker: 'buildx' is not a docker command.", "E606"),
        ("ERROR: invalid progress mode rawjson", "E606"),
        ("ERROR: failed to copy: write /var/lib/x: no space left on device", "E616"),
        ("error: failed to write: No space left on device (os error 28)", "E616"),
        ("ERROR: something new", "E617"),
    ],
)
def test_failures_beside_the_steps_are_told_apart(message: str, code: str) -> None:
    assert only(explain_failure(told(message))).code == code


def test_a_build_that_says_nothing_still_is_a_diagnostic() -> None:
    assert only(explain_failure(told())).notes == (f"the whole log: {LOG}",)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("exporting to image", "exporting to image"),
        (
            f"[base 1/2] FROM docker.io/library/debian:12@{GOT}",
            "base 1/2: FROM docker.io/library/debian:12@ca0cd0a89de8",
        ),
        ("[2/2] RUN --network=none --mount=type=bind,target=/x  pip   list", "2/2: RUN pip list"),
        (
            f"[w 1/9] ADD --checksum={WANTED} https://pypi.org/a/six-1.0.whl /w/",
            "w 1/9: ADD six-1.0.whl",
        ),
        ("[2/2] RUN " + "x" * 200, "2/2: RUN " + "x" * 62 + "…"),
    ],
)
def test_steps_are_named_shortly(name: str, expected: str) -> None:
    assert shorten(name) == expected


def test_a_builder_that_is_not_there_is_named() -> None:
    error = explain_failure(told('ERROR: no builder "farm" found'))

    assert isinstance(error, ToolError)
    assert (only(error).code, only(error).message) == ("E680", "buildx has no builder `farm`")


@pytest.mark.parametrize(
    ("builder", "message", "command"),
    [
        ("farm", "the builder `farm` does not answer", "docker buildx inspect --bootstrap farm"),
        ("", "buildx's builder does not answer", "docker buildx inspect --bootstrap"),
    ],
)
def test_a_builder_that_does_not_answer_is_named_with_the_command_that_starts_it(
    builder: str, message: str, command: str
) -> None:
    reason = "context deadline exceeded"
    failure = Failure(name="[internal] waiting for connection", error=reason, output=())

    error = explain_failure(replace(told(), failure=failure, builder=builder))

    assert isinstance(error, ToolError)
    assert only(error) == Diagnostic(
        code="E681",
        message=message,
        notes=(reason, f"the whole log: {LOG}"),
        hint=f"start it: `{command}`; `--builder default` builds in the engine",
    )
