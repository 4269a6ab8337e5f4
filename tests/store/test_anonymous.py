"""What is kept unregistered: once, found by its ids, and dropped when nobody used it for long."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from envc.store.record import Anonymous
from envc.store.repair import repair
from envc.store.schema import MIGRATIONS
from envc.store.store import Store
from support.records import NOW, build_of, draft_of, entry_of, run_of

HOUR_S = 3600.0


def anonymous_of(content: str = "a", **said: Any) -> Anonymous:
    usual = {"name": "pets", "draft": draft_of(content), "origin": "/x/pets.envc", "created": NOW}
    return Anonymous(**{**usual, **said})


def lacking(content: str = "a", **said: Any) -> Anonymous:
    draft = replace(draft_of(content), digest="", spec_id="", files=())
    return anonymous_of(draft=draft, **said)


def id_of(entry: Anonymous) -> str:
    return entry.draft.env_ids[""]["linux/amd64"]


def test_what_is_kept_is_there_again_the_newest_first(home: Path) -> None:
    first, second = anonymous_of("a"), lacking("b", created=NOW + 1, lack="size")
    with Store.open(home) as store:
        store.keep(first)
        store.keep(second)

    with Store.open(home) as store:
        found = store.anonymous()

    assert found == (second, first)


def test_the_same_content_is_kept_once(store: Store) -> None:
    store.keep(anonymous_of())
    store.keep(anonymous_of(created=NOW + 1, origin="/y/pets.envc"))

    assert store.anonymous() == (anonymous_of(),)


def test_content_takes_the_place_of_what_lacked_it(store: Store) -> None:
    store.keep(lacking(lack="given"))
    store.keep(anonymous_of())

    assert store.anonymous() == (anonymous_of(),)


@pytest.mark.parametrize(
    ("lack", "is_keepable", "is_known"),
    [
        ("", True, True),
        ("size", True, True),
        ("given", True, False),
        ("files", True, False),
        ("given", False, True),
    ],
)
def test_what_lacks_content_that_can_be_kept_is_not_known(
    store: Store, lack: str, is_keepable: bool, is_known: bool
) -> None:
    entry = lacking(lack=lack) if lack else anonymous_of()
    store.keep(entry)

    known = store.knows([id_of(entry)], is_keepable=is_keepable)
    with_another = store.knows([id_of(entry), "sha256:0"], is_keepable=is_keepable)

    assert (known, with_another) == (is_known, False)


def test_an_id_of_a_version_is_known_and_means_the_version(store: Store) -> None:
    store.keep(anonymous_of())
    version = store.register(entry_of()).version

    assert store.knows([id_of(anonymous_of())])
    assert store.with_id(id_of(anonymous_of())) == version


def test_an_id_means_the_version_that_is_not_archived(store: Store) -> None:
    kept = store.register(entry_of("cats")).version
    store.register(entry_of("dogs", now=NOW + 1))
    store.archive("dogs", None, now=NOW + 2)

    assert store.with_id(id_of(anonymous_of())) == kept


def test_a_store_of_the_first_schema_is_brought_up_to_date(home: Path) -> None:
    home.mkdir()
    with closing(sqlite3.connect(home / "store.db")) as old, old:
        for statement in MIGRATIONS[0]:
            old.execute(statement)
        old.execute("INSERT INTO environments (name, created) VALUES ('pets', 1)")
        old.execute("PRAGMA user_version = 1")

    with Store.open(home) as store:
        store.keep(anonymous_of())
        found = store.anonymous()
    with closing(sqlite3.connect(home / "store.db")) as now:
        rows = now.execute("SELECT name FROM environments").fetchall()
        version = now.execute("PRAGMA user_version").fetchone()

    assert (found, rows, version) == ((anonymous_of(),), [("pets",)], (2,))


@pytest.mark.parametrize("used", ["kept", "built", "run"])
def test_what_was_used_since_is_not_dropped(store: Store, used: str) -> None:
    entry = anonymous_of(created=NOW if used == "kept" else NOW - 100)
    store.keep(entry)
    if used == "built":
        store.record_build(build_of(env_id=id_of(entry), started=NOW))
    if used == "run":
        store.record_run(run_of(env_id=id_of(entry), started=NOW))

    spared = store.prune(before=NOW, now=NOW)
    dropped = store.prune(before=NOW + 1, now=NOW)

    assert (spared, dropped) == (((), 0), ((entry,), 0))
    assert store.anonymous() == ()


def test_only_content_that_nothing_needs_goes(store: Store, tmp_path: Path) -> None:
    digests = {}
    for name in ("shared", "own", "recent"):
        (tmp_path / name).write_text(name)
        digests[name], _ = store.content.add(tmp_path / name)
        place = store.content.folder / digests[name][:2] / digests[name]
        os.utime(place, (NOW, NOW) if name != "recent" else (NOW + HOUR_S, NOW + HOUR_S))
    spec, lock, *_ = draft_of().files
    shared, own = replace(spec, sha256=digests["shared"]), replace(lock, sha256=digests["own"])
    store.register(entry_of(draft=replace(draft_of("v"), files=(shared,))))
    store.keep(anonymous_of(draft=replace(draft_of("x"), files=(shared, own))))

    dropped, freed = store.prune(before=NOW + 1, now=NOW + HOUR_S + 1)

    assert (len(dropped), freed) == (1, len("own"))
    left = sorted(path.name for path in store.content.folder.glob("*/*"))
    assert left == sorted([digests["shared"], digests["recent"]])


def test_content_that_is_added_again_is_recent(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("a")
    sha256, _ = store.content.add(file)
    place = store.content.folder / sha256[:2] / sha256
    os.utime(place, (NOW, NOW))

    store.content.add(file)

    assert place.stat().st_mtime > NOW


def test_a_repair_keeps_what_is_anonymous(home: Path) -> None:
    with Store.open(home) as store:
        store.keep(anonymous_of("a"))
        store.keep(lacking("b", lack="given"))
        store.keep(anonymous_of("c"))
    with closing(sqlite3.connect(home / "store.db")) as broken, broken:
        broken.execute("DELETE FROM anonymous WHERE id = 3")

    done = repair(home, stamp="1")

    with Store.open(home) as store:
        assert store.anonymous() == (lacking("b", lack="given"), anonymous_of("a"))
    assert done.aside == home / "store.db.damaged-1"
