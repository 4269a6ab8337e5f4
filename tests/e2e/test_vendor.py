"""All that locks pin in one folder, and builds from it without a network: the same image to the bit."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from envc.files import sha256_of
from support.command import Envc, ServedChannel
from support.engine import EngineWorld
from support.http_server import FolderHandler, LoopbackServer

pytestmark = pytest.mark.engine


class Cut(FolderHandler):
    """Serves a folder, ranges too; a file's first answer is cut off where `cut` says so."""

    cut: int = 0
    asked: list[str]

    def do_GET(self) -> None:
        content = Path(self.directory, self.path.lstrip("/")).read_bytes()
        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
        self.asked.append(f"{self.path.rpartition('/')[2]} {start}")
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        is_first = [one.split()[0] for one in self.asked].count(self.path.rpartition("/")[2]) == 1
        whole = content[start:]
        self.wfile.write(whole[: self.cut] if self.cut and is_first else whole)


@pytest.fixture
def conda(envc: Envc, world: EngineWorld, channel: ServedChannel) -> Envc:
    envc.write(
        "pets.envc",
        f'environment pets\nbase image "{world.base}"\nchannels "{channel.url}"\n'
        "conda { greeter }\npip { tabulate }\n",
    )
    envc("lock", "pets.envc")
    return envc


@pytest.fixture
def wheels(envc: Envc, world: EngineWorld) -> Envc:
    envc.write(
        "pets.envc",
        f'environment pets\nbase image "{world.python_base}"\npython 3.11\npip {{ tabulate }}\n',
    )
    envc("lock", "pets.envc")
    return envc


def vendor(envc: Envc, *arguments: str, exit_code: int = 0) -> dict[str, Any]:
    done = envc("vendor", *arguments, "--json", exit_code=exit_code)
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_a_build_from_the_folder_is_the_same_without_a_network(envc: Envc, wheels: Envc) -> None:
    online = envc.build("pets.envc", "--no-cache")
    vendor(envc, "pets.envc", "v")
    envc.variables["HTTPS_PROXY"] = envc.variables["HTTP_PROXY"] = "http://127.0.0.1:9"

    offline = envc.build("pets.envc", "--no-cache", "--offline", "--vendor", "v")

    assert (offline["digest"], offline["env_id"]) == (online["digest"], online["env_id"])


def test_the_folder_is_an_image_layout_with_everything_once(envc: Envc, wheels: Envc) -> None:
    first = vendor(envc, "pets.envc", "v")
    before = {path: path.stat().st_mtime_ns for path in (envc.folder / "v").rglob("*")}

    again = vendor(envc, "pets.envc", "v")

    index = json.loads((envc.folder / "v/index.json").read_text())
    names = [one["annotations"]["org.opencontainers.image.ref.name"] for one in index["manifests"]]
    locked = json.loads((envc.folder / "pets.lock").read_text())["platforms"]["linux/amd64"]
    assert names == first["images"]
    assert first["fetched_bytes"] > 0
    assert (again["fetched_bytes"], again["artefacts"]) == (0, first["artefacts"])
    assert {path: path.stat().st_mtime_ns for path in (envc.folder / "v").rglob("*")} == before
    (wheel,) = locked["pip"]
    assert (envc.folder / "v/blobs/sha256" / wheel["sha256"]).is_file()


def test_what_specs_do_not_need_is_pruned(envc: Envc, wheels: Envc) -> None:
    vendor(envc, "pets.envc", "v")
    text = (envc.folder / "pets.envc").read_text()
    envc.write("pets.envc", text.replace("tabulate", "idna"))
    envc("lock", "pets.envc")

    kept = vendor(envc, "pets.envc", "v")
    pruned = vendor(envc, "pets.envc", "v", "--prune")

    assert (kept["pruned"], pruned["pruned"]) == (0, 1)
    rows = json.loads((envc.folder / "v/envc.json").read_text())["artefacts"]
    assert not [row for row in rows if row["name"].startswith("tabulate")]
    envc.build("pets.envc", "--offline", "--vendor", "v")


def test_a_folder_that_lacks_a_file_or_has_other_bytes_is_refused(envc: Envc, wheels: Envc) -> None:
    vendor(envc, "pets.envc", "v")
    locked = json.loads((envc.folder / "pets.lock").read_text())["platforms"]["linux/amd64"]
    blob = envc.folder / "v/blobs/sha256" / locked["pip"][0]["sha256"]
    content = blob.read_bytes()

    blob.write_bytes(content[:-1] + b"x")
    damaged = envc("compile", "pets.envc", "-o", "out", "--vendor", "v", exit_code=1)
    blob.unlink()
    missing = envc("build", "pets.envc", "--force", "--vendor", "v", exit_code=1)

    assert "E470" in damaged.stderr
    name = locked["pip"][0]["url"].rpartition("/")[2]
    assert f"note: {name} ({Path('v/blobs/sha256', blob.name)})\n" in damaged.stderr
    assert "E470" in missing.stderr
    assert locked["pip"][0]["url"].rpartition("/")[2] in missing.stderr


def test_other_bytes_of_the_same_size_are_mended(envc: Envc, wheels: Envc) -> None:
    vendor(envc, "pets.envc", "v")
    locked = json.loads((envc.folder / "pets.lock").read_text())["platforms"]["linux/amd64"]
    layout = envc.folder / "v"
    (image,) = json.loads((layout / "index.json").read_text())["manifests"]
    manifest = json.loads(blob_of(layout, image["digest"]).read_text())
    blobs = [
        blob_of(layout, digest)
        for digest in (
            locked["pip"][0]["sha256"],
            image["digest"],
            manifest["config"]["digest"],
            manifest["layers"][0]["digest"],
        )
    ]
    before = [spoil(blob) for blob in blobs]

    mended = vendor(envc, "pets.envc", "v")
    again = vendor(envc, "pets.envc", "v")

    assert [(blob.stat().st_size, sha256_of(blob)) for blob in blobs] == before
    assert (mended["mended"], again["mended"]) == (4, 0)
    assert mended["fetched_bytes"] == before[0][0]


def test_a_spoilt_image_is_refused_before_it_is_built(envc: Envc, wheels: Envc) -> None:
    vendor(envc, "pets.envc", "v")
    (image,) = json.loads((envc.folder / "v/index.json").read_text())["manifests"]
    manifest = json.loads(blob_of(envc.folder / "v", image["digest"]).read_text())
    layer = blob_of(envc.folder / "v", manifest["layers"][0]["digest"])
    spoil(layer)
    options = ("--repository", envc.repository, "--offline", "--vendor", "v")

    built = envc("build", "pets.envc", "--force", *options, exit_code=1)
    locked = envc("lock", "pets.envc", "--offline", "--vendor", "v", exit_code=1)
    layer.unlink()
    lacking = envc("lock", "pets.envc", "--offline", "--vendor", "v", exit_code=1)

    name = image["annotations"]["org.opencontainers.image.ref.name"].partition("@")[0]
    for done in (built, locked):
        assert done.stderr.startswith("error[E470]: the vendor folder `v` has files with other")
        assert f"note: {name} (v/blobs/sha256/{layer.name})\n" in done.stderr
        assert "run `envc vendor SPEC v`" in done.stderr
    assert lacking.stderr.startswith("error[E470]: the vendor folder `v` lacks 1 of what")
    assert f"note: {name}\n" in lacking.stderr


def blob_of(layout: Path, digest: str) -> Path:
    return layout / "blobs/sha256" / digest.removeprefix("sha256:")


def spoil(blob: Path) -> tuple[int, str]:
    """Write another last byte into a file, and return which size and SHA-256 it had."""
    known = (blob.stat().st_size, sha256_of(blob))
    with blob.open("r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)
        file.seek(-1, 2)
        file.write(bytes([last[0] ^ 1]))
    return known


def test_a_compiled_folder_is_built_by_its_own_head(envc: Envc, wheels: Envc) -> None:
    built = envc.build("pets.envc")
    vendor(envc, "pets.envc", "v", "--no-images")
    envc("compile", "pets.envc", "-o", "out", "--vendor", "v", "--offline")

    head = (envc.folder / "out/Dockerfile").read_text()
    name = f"{envc.repository}:mine"
    words = ["docker", "buildx", "build", "--provenance=false", "--sbom=false"]
    words += ["--build-arg", "SOURCE_DATE_EPOCH=946684800", "--build-context", "vendor=v"]
    words += [f"--output=type=image,name={name},oci-mediatypes=true", "out"]
    subprocess.run(words, cwd=envc.folder, capture_output=True, check=True)
    inspect = ["docker", "inspect", "--format", "{{.Id}}", name]
    found = subprocess.run(inspect, capture_output=True, text=True, check=True).stdout.strip()

    assert "--build-context vendor=DIR" in head
    assert "ADD" not in head
    assert found == built["digest"]


def test_offline_refuses_what_wants_a_network(envc: Envc, wheels: Envc) -> None:
    nothing = envc("build", "pets.envc", "--force", "--offline", exit_code=1)
    kept = envc("lock", "pets.envc", "--offline")
    with (envc.folder / "pets.envc").open("a") as spec:
        spec.write('run "true" network\n')
    vendor(envc, "pets.envc", "v")
    step = envc("build", "pets.envc", "--offline", "--vendor", "v", exit_code=1)
    text = (envc.folder / "pets.envc").read_text()
    envc.write("pets.envc", text.replace("tabulate", "idna"))
    moved = envc("lock", "pets.envc", "--offline", exit_code=1)

    assert "E473" in nothing.stderr
    assert "still right" in kept.stderr
    assert "E473" in step.stderr
    assert 'run "true" network' in step.stderr
    assert "E473" in moved.stderr
    assert "E410" in moved.stderr


def test_what_was_cut_off_goes_on_where_it_ended(envc: Envc, wheels: Envc, tmp_path: Path) -> None:
    with serve(envc, tmp_path) as (mirror, names, handler):
        handler.cut = 20_000
        first = vendor(envc, "pets.envc", "v", "--no-images", "--mirror", mirror)

    assert first["artefacts"] == len(names)
    assert sorted(handler.asked) == sorted(
        f"{name} {at}" for name in names for at in (0, handler.cut)
    )


@contextmanager
def serve(envc: Envc, tmp_path: Path) -> Iterator[tuple[str, list[str], type[Cut]]]:
    """Serve the locked wheels as a mirror would; give the mirror, their names, and what serves."""
    vendor(envc, "pets.envc", "all", "--no-images")
    rows = json.loads((envc.folder / "all/envc.json").read_text())["artefacts"]
    for row in rows:
        path = tmp_path / "site" / row["url"].partition("://")[2].partition("/")[2]
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(envc.folder / "all/blobs/sha256" / row["sha256"], path)
    handler = type("Own", (Cut,), {"asked": []})
    names = [row["url"].rpartition("/")[2] for row in rows]
    origin = rows[0]["url"].partition("://")
    host = f"{origin[0]}://{origin[2].partition('/')[0]}"
    with LoopbackServer(partial(handler, directory=str(tmp_path / "site"))) as server:
        yield f"{host}={server.url}", names, handler


def test_several_specs_share_a_folder(envc: Envc, wheels: Envc) -> None:
    text = (envc.folder / "pets.envc").read_text()
    envc.write("zoo.envc", text.replace("tabulate", "idna").replace("pets", "zoo"))
    envc("lock", "zoo.envc")

    one = vendor(envc, "pets.envc", "v", "--no-images")
    both = vendor(envc, "pets.envc", "zoo.envc", "v", "--no-images")

    assert both["artefacts"] == one["artefacts"] + 1


def test_conda_packages_are_built_from_the_folder(envc: Envc, conda: Envc) -> None:
    vendor(envc, "pets.envc", "v")

    built = envc.build("pets.envc", "--offline", "--vendor", "v")

    assert envc.inside(built["image"], "python", "-c", "import tabulate; print('ok')") == "ok\n"


def test_a_folder_of_somebody_else_is_refused(envc: Envc, wheels: Envc) -> None:
    envc.write("mine/notes.txt", "")

    done = envc("vendor", "pets.envc", "mine", exit_code=2)

    assert "E472" in done.stderr


def test_what_is_gone_is_told_and_the_rest_stays(envc: Envc, wheels: Envc) -> None:
    path = envc.folder / "pets.lock"
    lock = json.loads(path.read_text())
    wheel = lock["platforms"]["linux/amd64"]["pip"][0]
    gone = wheel["url"].replace("/packages/", "/packages/gone/")
    path.write_text(path.read_text().replace(wheel["url"], gone))

    done = envc("vendor", "pets.envc", "v", "--no-images", exit_code=3)

    assert "E471" in done.stderr
    assert len(list((envc.folder / "v/blobs/sha256").iterdir())) >= 1
