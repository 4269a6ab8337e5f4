"""The store: what is recorded is there again, in any process, and one content is one version."""

from __future__ import annotations

import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from envc.store.record import Environment, Version
from envc.store.store import Store
from support.records import NOW, build_of, draft_of, entry_of, run_of

RACERS = 12
RACE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from envc.store.store import Store
from support.records import entry_of
print("ready", flush=True)
sys.stdin.readline()
with Store.open(Path(sys.argv[1])) as store:
    done = store.register(entry_of(content=sys.argv[2]))
print(done.version.number, done.is_new)
"""


KILLED = """
import hashlib, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from envc.store import Store, StoredFile
from support.records import draft_of, entry_of
from dataclasses import replace
home, number = Path(sys.argv[1]), int(sys.argv[3])
file = home.parent / "file"
while True:
    number += 1
    file.write_text(f"{number}" * 50_000)
    with Store.open(home) as store:
        sha256, size = store.content.add(file)
        files = (StoredFile(path="pets.envc", role="spec", sha256=sha256, size_bytes=size),)
        draft = replace(draft_of(f"{number}"), files=files)
        done = store.register(entry_of(draft=draft))
    print(done.version.number, flush=True)
"""


def test_a_registered_version_is_there_again(home: Path) -> None:
    with Store.open(home) as store:
        store.register(
            entry_of(labels=("prod",), properties={"team": "pets"}, description="Pets", content="x")
        )

    with Store.open(home) as store:
        versions = store.versions("pets")

    assert versions == (
        Version(
            name="pets",
            number=1,
            draft=draft_of("x"),
            labels=("prod",),
            properties={"team": "pets"},
            description="Pets",
            created=NOW,
        ),
    )


def test_the_same_content_is_the_same_version(store: Store) -> None:
    first = store.register(entry_of())

    again = store.register(entry_of(now=NOW + 9))

    assert (first.is_new, again.is_new) == (True, False)
    assert again.version == first.version


def test_new_content_is_the_next_version_and_labels_move_to_it(store: Store) -> None:
    store.register(entry_of(content="a", labels=("prod", "old")))

    store.register(entry_of(content="b", labels=("prod",), description="new", now=NOW + 1))

    assert [(one.number, one.labels) for one in store.versions("pets")] == [
        (2, ("prod",)),
        (1, ("old",)),
    ]
    assert store.environments() == (
        Environment(
            name="pets",
            latest=2,
            count=2,
            labels={"old": 1, "prod": 2},
            description="new",
            created=NOW,
            changed=NOW + 1,
        ),
    )


def test_the_same_content_under_two_names_is_two_environments(store: Store) -> None:
    store.register(entry_of("pets"))
    store.register(entry_of("cats"))

    assert [one.name for one in store.environments()] == ["cats", "pets"]


def test_what_is_said_later_of_a_version_counts(store: Store) -> None:
    store.register(entry_of(properties={"a": "1", "b": "1"}, description="old"))

    said = store.register(entry_of(properties={"b": "2", "c": "2"})).version

    assert (said.properties, said.description) == ({"a": "1", "b": "2", "c": "2"}, "old")
    assert store.register(entry_of(description="new")).version.description == "new"


def test_variants_keep_their_order(store: Store) -> None:
    ids = {"gpu": {"linux/amd64": "sha256:1"}, "cpu": {"linux/amd64": "sha256:2"}}

    done = store.register(entry_of(draft=replace(draft_of(), env_ids=ids)))

    assert list(done.version.draft.env_ids) == ["gpu", "cpu"]


def test_an_archived_version_is_not_the_latest_and_comes_back_when_it_is_registered(
    store: Store,
) -> None:
    store.register(entry_of(content="a"))
    store.register(entry_of(content="b"))

    assert store.archive("pets", 2, now=NOW + 5)
    assert not store.archive("pets", 2, now=NOW + 6)

    archived = store.version("pets", 2)
    assert archived is not None
    assert archived.archived == NOW + 5
    assert [one.latest for one in store.environments()] == [1]
    again = store.register(entry_of(content="b"))
    assert (again.is_new, again.was_archived, again.version.archived) == (False, True, None)


def test_an_archived_environment_comes_back(store: Store) -> None:
    store.register(entry_of())
    store.archive("pets", None, now=NOW + 5)

    assert [one.archived for one in store.environments()] == [NOW + 5]
    assert store.env_ids() == {}
    assert store.restore("pets", None)
    assert not store.restore("pets", None)
    assert [one.archived for one in store.environments()] == [None]


def test_images_that_versions_need_are_known_until_they_are_archived(store: Store) -> None:
    (own,) = draft_of("a").env_ids[""].values()
    store.register(entry_of("pets", "a"))
    store.register(entry_of("cats", "a"))
    store.register(entry_of("cats", "b"))
    store.archive("cats", 2, now=NOW)

    assert store.env_ids() == {own: ("cats@1", "pets@1")}


def test_builds_and_runs_are_listed_newest_first(store: Store) -> None:
    old = build_of(started=NOW)
    new = build_of(started=NOW + 1, env_id="sha256:b", outcome="failed", exit_code=1, digest=None)
    store.record_build(old, new)
    store.record_run(run_of())

    assert store.builds() == (replace(new, number=2), replace(old, number=1))
    assert store.builds(limit=1) == (replace(new, number=2),)
    assert store.builds(env_id=old.env_id) == (replace(old, number=1),)
    assert store.runs() == (replace(run_of(), number=1),)
    assert store.runs(env_id="sha256:b") == ()


def test_only_the_user_may_read_a_store(home: Path, store: Store) -> None:
    store.record_run(run_of())

    modes = [stat.S_IMODE(path.stat().st_mode) for path in (home, home / "store.db")]

    assert modes == [0o700, 0o600]


def test_there_is_no_store_until_something_is_recorded(home: Path) -> None:
    assert Store.find(home) is None
    assert not home.exists()


@pytest.mark.parametrize("contents", [["same"] * RACERS, [str(n) for n in range(RACERS)]])
def test_processes_that_race_make_one_version_of_one_content(
    home: Path, contents: list[str]
) -> None:
    tests = str(Path(__file__).parents[1])
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, str(home), content, tests],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for content in contents
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    said = [racer.communicate()[0].split() for racer in racers]

    assert [racer.returncode for racer in racers] == [0] * RACERS
    count = len(set(contents))
    assert sorted(int(number) for number, _ in said) == sorted(
        range(1, count + 1) if count > 1 else [1] * RACERS
    )
    assert sum(is_new == "True" for _, is_new in said) == count


def test_what_a_killed_process_has_registered_is_there_whole(home: Path, tmp_path: Path) -> None:
    tests, told = str(Path(__file__).parents[1]), 0
    for count in range(1, 9):
        writer = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(home), tests, str(told + 1000 * count)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdout is not None
        for _ in range(count):
            told = int(writer.stdout.readline())
        writer.kill()
        told = int((writer.stdout.read() or f"{told}").split()[-1])
        writer.stdout.close()
        writer.wait()

        with Store.open(home) as store:
            versions = store.versions("pets")
            for version in versions:
                [file] = version.draft.files
                store.content.copy(file.sha256, tmp_path / f"{count}-{version.number}")

        numbers = [version.number for version in versions]
        assert numbers == list(range(len(numbers), 0, -1))
        assert len(numbers) - told in {0, 1}
        told = len(numbers)
