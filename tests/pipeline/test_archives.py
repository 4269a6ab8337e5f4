"""Archives of commits: got again where the cache lost them, the same bytes or none, and vendored."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from envc import pipeline
from envc.errors import InputError
from envc.files import sha256_of
from envc.lock.codec import dumps
from envc.lock.model import Lock, PlatformLock
from envc.lock.package import SourcePackage
from envc.machine import Machine
from envc.mirror import MirrorMap
from envc.pipeline.vendoring import VendorOptions, check_vendored, vendor
from envc.resolve.git.repository import Repositories
from envc.spec.repository import GitAddress
from support.repositories import Repository, git_environment
from support.sources import project
from support.workspace import lock_of


class World:
    """A spec with a commit of a repository, its lock, and a machine that has fetched it."""

    def __init__(self, folder: Path) -> None:
        files = {f"libs/pets/{path}": text for path, text in project("pets").items()}
        self.repository = Repository.make(folder / "pets", files)
        self.machine = Machine.here(
            {**git_environment(folder), "ENVC_CACHE": str(folder / "cache")}
        )
        self.spec = folder / "pets.envc"
        self.out = folder / "out"
        address = GitAddress(repository=self.repository.url, subdirectory="libs/pets")
        found = Repositories(self.machine.cache, self.machine.environment).check_out(
            address, MirrorMap(), lambda _: None
        )
        self.archive = found.archive
        self.source = SourcePackage(
            name="pets",
            version="1.0",
            kind="git",
            repository=address.repository,
            commit=found.commit,
            subdirectory=address.subdirectory,
            sha256=found.archive.sha256,
            size=found.archive.size,
            backend="own",
            backend_path=("backend",),
        )
        text = f"pip {{ pets @ git+{address.repository}#subdirectory=libs/pets }}\n"
        text = f'environment pets\nbase image "python:3.12-slim-bookworm"\n{text}'
        self.spec.write_text(text)
        self.write_lock(self.source)

    def write_lock(self, source: SourcePackage) -> None:
        lock = lock_of(self.spec.read_text())
        own: dict[str, PlatformLock] = {
            name: one.model_copy(update={"pip": (), "sources": (source,)})
            for name, one in lock.platforms.items()
        }
        changed = Lock(intent=lock.intent, platforms=own)
        self.spec.with_suffix(".lock").write_text(dumps(changed))

    def compile(self, **options: bool) -> Path:
        pipeline.compile(self.spec, self.out, self.machine, **options)  # type: ignore[arg-type]
        (file,) = (self.out / "sources").iterdir()
        return file


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_an_archive_comes_with_the_context_and_builds_below_its_folder(world: World) -> None:
    file = world.compile(is_offline=True)

    assert file.name == f"pets-1.0.tar-{world.source.sha256[:8]}"
    assert sha256_of(file) == world.source.sha256
    dockerfile = (world.out / "Dockerfile").read_text()
    assert f"COPY sources/{file.name} /pets-1.0.tar\n" in dockerfile
    listing = (world.out / "layers/sources.json").read_text()
    assert '"subdirectory": "libs/pets"' in listing


def test_what_the_cache_lost_is_got_again_and_only_with_a_network(world: World) -> None:
    ids = pipeline.identify(world.spec, world.machine)
    world.archive.file.unlink()

    offline = pipeline.identify(world.spec, world.machine)
    with pytest.raises(InputError) as caught:
        world.compile(is_offline=True)
    file = world.compile()

    (problem,) = caught.value.diagnostics
    where = f"`{world.repository.url}` at `{(world.source.commit or '')[:12]}`"
    assert (problem.code, problem.message) == (
        "E359",
        f"offline, `pets` cannot be got: the cache does not have {where}",
    )
    assert offline == ids
    assert sha256_of(file) == world.source.sha256


def test_other_files_than_the_lock_has_are_refused(world: World) -> None:
    world.write_lock(world.source.model_copy(update={"sha256": "7" * 64}))

    with pytest.raises(InputError) as caught:
        world.compile()

    (problem,) = caught.value.diagnostics
    where = f"`{world.repository.url}` at `{(world.source.commit or '')[:12]}`"
    assert (problem.code, problem.message, problem.notes) == (
        "E357",
        f"{where} gives other files than the lock has of `pets`",
        (f"the lock has {'7' * 64}", f"they have {world.source.sha256}"),
    )


def test_a_commit_that_is_gone_is_told_where_it_is_not_kept(world: World) -> None:
    world.archive.file.unlink()
    shutil.rmtree(world.repository.folder)

    with pytest.raises(InputError) as caught:
        world.compile()

    assert [one.code for one in caught.value.diagnostics] == ["E352"]


def test_a_vendor_folder_stands_for_the_repository(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "v"
    locked = lock_of(world.spec.read_text())
    (wheel,) = locked.platforms["linux/amd64"].tools.packages["amd64"]
    empty = hashlib.sha256(b"").hexdigest()
    lock = world.spec.with_suffix(".lock")
    lock.write_text(lock.read_text().replace(wheel.sha256, empty))
    (folder / "blobs/sha256").mkdir(parents=True)
    (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    (folder / "blobs/sha256" / empty).touch()
    options = VendorOptions(has_images=False)
    world.archive.file.unlink()

    done = vendor([world.spec], folder, world.machine, options, lambda _: None)
    again = vendor([world.spec], folder, world.machine, options, lambda _: None)
    world.archive.file.unlink()
    # The wheel of the tools is invented: nobody could fetch it.
    (folder / "blobs/sha256" / empty).unlink()
    with pytest.raises(InputError) as caught:
        check_vendored(world.spec, folder, world.machine, variants=(), choice=None)

    assert done.fetched_bytes == world.archive.size
    assert again.fetched_bytes == 0
    assert sha256_of(folder / "blobs/sha256" / world.source.sha256) == world.source.sha256
    assert "uv-0.9" in caught.value.diagnostics[0].notes[0]
    assert "pets" not in caught.value.diagnostics[0].notes[0]
    assert not world.archive.file.exists()
