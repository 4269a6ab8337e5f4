"""The cache of compiled results: found for the same content, never for another."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from envc.pipeline import memo
from envc.pipeline.memo import (
    Agreement,
    Brought,
    Question,
    Result,
    VariantResult,
    recall,
    recall_agreement,
    remember,
    remember_agreement,
)
from envc.plan.context import ContextFile
from envc.plan.inputs import Selection


@pytest.fixture
def question(tmp_path: Path) -> Question:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/a.py").write_text("a\n")
    (tmp_path / "src/b.py").write_text("a\n")
    (tmp_path / "pets.whl").write_bytes(b"wheel")
    (tmp_path / "team.envc").write_text("user 1000\n")
    spec, lock = tmp_path / "pets.envc", tmp_path / "pets.lock"
    spec.write_text("environment pets\n")
    lock.write_text("{}\n")
    return Question(spec=spec, lock=lock, cache=tmp_path / "cache").ask()


def ask_again(question: Question) -> Question:
    """Return the question that its files ask now."""
    return question.ask()


def keep(question: Question) -> Result:
    """Remember a result that brings in `src`, the wheel and `team.envc`, and return it."""
    from envc.files import read_tree, sha256_of

    folder = question.spec.parent
    taken = Selection(path="src", ignore=("*.txt",))
    is_folder, files = read_tree(folder, taken.path, taken.ignore)
    wheel = sha256_of(folder / "pets.whl")
    copied = ContextFile(
        path="files/1/app/a.py", sha256=files[0].sha256, origin_path=str(folder / "src/a.py")
    )
    result = Result(
        environment="pets",
        spec_id="sha256:1",
        names=("gpu", "cpu", "tpu"),
        variants={
            "gpu": VariantResult(
                spec_id="sha256:3",
                env_ids={"linux/amd64": "sha256:2"},
                checks={"linux/amd64": "sha256:5"},
                files=(ContextFile.of("Dockerfile", "FROM é\n".encode()), copied),
            ),
            "cpu": VariantResult(spec_id="sha256:4", env_ids={}, checks={}, files=(copied,)),
        },
        sources=(
            question.spec,
            question.lock,
            folder / "pets.whl",
            folder / "src/a.py",
            folder / "src/b.py",
            folder / "team.envc",
        ),
    )
    texts = {"team.envc": "user 1000\n"}
    first = Brought.of({taken: (is_folder, files)}, {"pets.whl": wheel}, texts)
    remember(question, result, [first, Brought.of({}, {"pets.whl": wheel}, texts)])
    return result


def test_what_has_not_changed_is_found_again(question: Question) -> None:
    result = keep(question)

    found = recall(question)
    assert found == result
    assert found is not None
    assert list(found.variants) == ["gpu", "cpu"]


@pytest.mark.parametrize("name", ["pets.envc", "pets.lock", "src/a.py", "pets.whl", "team.envc"])
def test_a_changed_file_is_another_question(question: Question, name: str) -> None:
    keep(question)

    (question.spec.parent / name).write_text("changed\n")

    assert recall(ask_again(question)) is None


def test_a_file_that_is_ignored_is_no_matter(question: Question) -> None:
    result = keep(question)

    (question.spec.parent / "src/notes.txt").write_text("later\n")

    assert recall(ask_again(question)) == result


@pytest.mark.parametrize("name", ["pets.envc", "pets.lock"])
def test_what_was_edited_while_it_was_compiled_is_not_kept(question: Question, name: str) -> None:
    (question.spec.parent / name).write_text("changed\n")

    keep(question)

    assert (recall(question), recall(ask_again(question))) == (None, None)


def test_a_spec_that_cannot_be_read_has_no_result(question: Question) -> None:
    keep(question)
    question.spec.unlink()

    assert recall(ask_again(question)) is None


def test_a_new_file_and_a_new_mode_are_another_question(question: Question) -> None:
    keep(question)
    new = question.spec.parent / "src/c.py"
    new.write_text("c\n")
    with_new = recall(question)
    new.unlink()
    (question.spec.parent / "src/a.py").chmod(0o755)

    assert (with_new, recall(question)) == (None, None)


def test_other_mirrors_and_another_envc_are_another_question(
    question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(question)
    of_mirrors = recall(replace(question, mirrors=(("a", "b"),)).ask())
    monkeypatch.setattr(memo, "fingerprint", lambda: "edited")

    assert (of_mirrors, recall(ask_again(question))) == (None, None)


def test_other_variants_and_other_parameters_are_another_question(question: Question) -> None:
    keep(question)

    others = (
        replace(question, variants=("gpu",)),
        replace(question, sets=(("cuda", "12"),)),
    )

    assert [recall(other.ask()) for other in others] == [None, None]


def test_what_is_included_and_gone_is_another_question(question: Question) -> None:
    keep(question)
    included = question.spec.parent / "team.envc"
    included.unlink()
    without = recall(question)
    included.write_bytes(b"\xff")

    assert (without, recall(question)) == (None, None)


def test_variants_that_saw_different_content_are_not_kept(question: Question) -> None:
    result = keep(replace(question, variants=("gpu",)).ask())

    remember(question, result, [Brought.of({}, {"a": "1"}, {}), Brought.of({}, {"a": "2"}, {})])

    assert recall(question) is None


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"trees": 3}'])
def test_a_damaged_cache_is_no_cache(question: Question, content: str) -> None:
    keep(question)
    (place,) = (question.cache / "compiled").iterdir()
    place.write_text(content)

    assert recall(question) is None


def test_a_cache_that_cannot_be_written_is_no_reason_to_fail(question: Question) -> None:
    question.cache.write_text("in the way\n")

    keep(question)

    assert recall(question) is None


def test_only_the_newest_results_are_kept(question: Question) -> None:
    for number in range(70):
        question.spec.write_text(f"environment pets{number}\n")
        keep(ask_again(question))

    kept = list((question.cache / "compiled").iterdir())
    assert len(kept) == 64
    assert all(json.loads(file.read_text())["spec_id"] == "sha256:1" for file in kept)


def agree(question: Question) -> None:
    from envc.files import sha256_of

    agreement = Agreement(
        environment="pets",
        has_warnings=False,
        wheels={"pets.whl": sha256_of(question.spec.parent / "pets.whl")},
        texts={"team.envc": "user 1000\n"},
    )
    remember_agreement(question, agreement)


def test_that_a_lock_is_right_is_found_again(question: Question) -> None:
    agree(question)

    found = recall_agreement(question)

    assert found is not None
    assert (found.environment, found.has_warnings) == ("pets", False)
    assert recall(question) is None


@pytest.mark.parametrize("name", ["pets.envc", "pets.lock", "pets.whl", "team.envc"])
def test_a_lock_is_compared_again_where_anything_was_edited(question: Question, name: str) -> None:
    agree(question)
    path = question.spec.parent / name

    path.write_bytes(path.read_bytes() + b"#\n")
    edited = recall_agreement(ask_again(question))
    path.unlink()
    removed = recall_agreement(ask_again(question))

    assert (edited, removed) == (None, None)


def test_a_damaged_memory_of_a_lock_is_none(question: Question) -> None:
    agree(question)

    for text in ("", "{}", "[]", '{"environment": 1}', "\0"):
        question.agreement_place.write_text(text)
        assert recall_agreement(question) is None


def test_a_lock_that_changed_while_it_was_compared_is_not_remembered(question: Question) -> None:
    question.lock.write_text("{ }\n")

    agree(question)

    assert not question.agreement_place.exists()
