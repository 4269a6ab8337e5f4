"""Debian packages, from the archive to the image: a small archive of real packages, real apt, real builds."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.command import Envc
from support.debian_archive import Deb, write_archive
from support.engine import EngineWorld
from support.http_server import serve_folder

pytestmark = pytest.mark.engine

ARCHIVE = "http://archive.example.org/debian"
DEBIAN = "http://deb.debian.org/debian"
HELLO = Deb(
    name="hello",
    version="1:2.0-1",
    fields={"Depends": "libhello (>= 1), debconf"},
    files={"/usr/share/hello/text": "hello\n"},
    scripts={
        "postinst": "#!/bin/sh\nset -e\ndate +%s%N > /var/log/hello.log\n"
        "invoke-rc.d hello start || true\necho ready > /usr/share/hello/state\n",
    },
)
LIBRARY = Deb(
    name="libhello",
    version="1.5",
    files={"/usr/lib/libhello.txt": "library\n"},
    fields={"Recommends": "hello-doc"},
)
WATCHER = Deb(
    name="watcher",
    architecture="all",
    fields={"Pre-Depends": "libhello"},
    scripts={
        "triggers": "interest-noawait /usr/share/hello\n",
        "postinst": '#!/bin/sh\nset -e\nmkdir -p /var/lib/watcher\necho "$1" >> /var/lib/watcher/calls\n',
    },
)
MAKER = Deb(
    name="munge",
    architecture="all",
    files={"/usr/share/maker/example.key": "-----BEGIN PRIVATE KEY-----\n"},
    scripts={
        "postinst": """#!/bin/sh
set -e
key() { mkdir -p "${2%/*}"; printf '%s\\n' "-----BEGIN $1-----" "$(date +%s%N)" >"$2"; }
key "PRIVATE KEY" /etc/maker/server.key
key CERTIFICATE /etc/maker/server.crt
key "OPENSSH PRIVATE KEY" /etc/ssh/ssh_host_rsa_key
key "SSH PUBLIC KEY" /etc/ssh/ssh_host_rsa_key.pub
key "EC PRIVATE KEY" /etc/ssl/private/maker.key
key CERTIFICATE /etc/ssl/certs/maker.pem
ln -s maker.pem /etc/ssl/certs/0a1b2c3d.0
echo "-----BEGIN CERTIFICATE-----" >/etc/ssl/certs/kept.pem
key cookie /var/lib/rabbitmq/.erlang.cookie
key key /etc/munge/munge.key
key ecdsa /etc/dropbear/dropbear_ecdsa_host_key.pub
printf 'code\\0\\n-----BEGIN PRIVATE KEY-----\\n' >/usr/share/maker/test.pyc
key "" /tmp/left
key version /var/lib/postgresql/15/main/PG_VERSION
key configuration /etc/postgresql/15/main/postgresql.conf
key "" /etc/machine-id
mkdir -p /usr/share/octave /etc/iscsi
echo "# Created by Octave 7.3.0, $(date +%N) <root@here>" >/usr/share/octave/octave_packages
echo "InitiatorName=iqn.1993-08.org.debian:01:$(date +%N)" >/etc/iscsi/initiatorname.iscsi
"""
    },
)
DOC = Deb(name="hello-doc", architecture="all", fields={"Provides": "reading"})
FIGHTER = Deb(name="fighter", fields={"Conflicts": "libhello", "Provides": "reading"})
PACKAGES = (HELLO, LIBRARY, WATCHER, MAKER, DOC, FIGHTER)


@pytest.fixture
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    arm64 = [Deb(name="hello", version="3.0", architecture="arm64", fields={"Depends": "libhello"})]
    arm64 += [Deb(name="libhello", version="3.0", architecture="arm64")]
    write_archive(folder / "now", [*PACKAGES, *arm64])
    old = Deb(name="hello", version="1:1.0-1", fields={"Depends": "libhello"})
    write_archive(folder / "then", [old, LIBRARY])
    return folder


@pytest.fixture
def address(archive: Path) -> Iterator[str]:
    with serve_folder(archive) as url:
        yield url


@pytest.fixture(scope="module")
def base(world: EngineWorld, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Debian whose only archive is the test's; on arm64 it is nothing but its lists."""
    return make_base(world, tmp_path_factory.mktemp("base"), ARCHIVE, "archive")


def make_base(world: EngineWorld, folder: Path, address: str, name: str) -> str:
    (folder / "sources.list").write_text(f"deb [trusted=yes] {address} ./\n")
    (folder / "status").write_text(
        "Package: debconf\nStatus: install ok installed\nVersion: 1.5\nArchitecture: all\n\n"
    )
    amd64 = f"FROM {world.base}\nRUN rm -f /etc/apt/sources.list.d/*\nCOPY sources.list /etc/apt/\n"
    arm64 = "FROM scratch\nENV PYTHON_VERSION=3.11.2\nCOPY sources.list /etc/apt/\n"
    arm64 += "COPY status /var/lib/dpkg/\n"
    image = f"{world.registry}/envc-test-debian:{name}"
    for platform, text in (("amd64", amd64), ("arm64", arm64)):
        (folder / "Dockerfile").write_text(text)
        words = ["docker", "buildx", "build", "--quiet", f"--platform=linux/{platform}"]
        words += ["--provenance=false", "--push", "-t", f"{image}-{platform}", str(folder)]
        subprocess.run(words, capture_output=True, check=True)
    create = ["docker", "buildx", "imagetools", "create", "-t", image]
    create += [f"{image}-amd64", f"{image}-arm64"]
    subprocess.run(create, capture_output=True, check=True)
    return image


def write_spec(envc: Envc, base: str, system: str, more: str = "") -> None:
    text = f'environment pets\nbase image "{base}"\nvirtual-packages {{ __glibc = "2.36" }}\n'
    envc.write("pets.envc", f"{text}system {{ {system} }}\n{more}")


def locked(envc: Envc, platform: str = "linux/amd64") -> dict[str, Any]:
    found = json.loads((envc.folder / "pets.lock").read_text())["platforms"][platform]
    assert isinstance(found, dict)
    return found


def versions(envc: Envc, platform: str = "linux/amd64") -> dict[str, str]:
    return {one["name"]: one["version"] for one in locked(envc, platform)["system"]}


@pytest.fixture
def mirror(envc: Envc, address: str) -> Envc:
    envc.variables["ENVC_MIRRORS"] = f"{ARCHIVE}={address}/now"
    return envc


def test_the_closure_is_locked_and_built_without_a_network(
    mirror: Envc, base: str, archive: Path
) -> None:
    write_spec(
        mirror,
        base,
        "watcher, hello",
        'run "cat /usr/share/hello/state > /seen; chmod 644 /seen"\n',
    )

    mirror("lock", "pets.envc")
    first = mirror.build("pets.envc")
    time.sleep(1.1)
    second = mirror.build("pets.envc", "--no-cache")

    (hello, library, _) = locked(mirror)["system"]
    assert versions(mirror) == {"hello": "1:2.0-1", "libhello": "1.5", "watcher": "1.0"}
    assert hello["url"] == f"{ARCHIVE}/./hello_1%253a2.0-1_amd64.deb"
    assert library["size"] == (archive / "now" / LIBRARY.filename).stat().st_size
    assert first["digest"] == second["digest"]
    assert (
        mirror.inside(first["image"], "cat", "/seen", "/usr/lib/libhello.txt") == "ready\nlibrary\n"
    )
    calls = mirror.inside(first["image"], "cat", "/var/lib/watcher/calls").split()
    assert calls[0] == "configure"
    left = (
        "ls -A /var/lib/apt/lists /var/log /var/cache/apt/archives; test ! -e /usr/sbin/policy-rc.d"
    )
    listed = mirror.inside(first["image"], "sh", "-c", left).split()
    assert not {"dpkg.log", "apt", "alternatives.log", "lock.deb"} & set(listed)


def test_what_a_package_makes_for_one_machine_is_in_no_image(mirror: Envc, base: str) -> None:
    write_spec(mirror, base, "munge", "user root\n")
    mirror("lock", "pets.envc")

    first = mirror.build("pets.envc")
    time.sleep(1.1)
    second = mirror.build("pets.envc", "--no-cache")

    assert first["digest"] == second["digest"]
    folders = "/etc/dropbear /etc/maker /etc/munge /etc/postgresql /etc/ssh /etc/ssl/private /usr/share/maker"
    folders += " /var/lib/postgresql /var/lib/rabbitmq /tmp"
    left = mirror.inside(first["image"], "sh", "-c", f"find {folders} ! -type d")
    kept = ["/usr/share/maker/example.key", "/usr/share/maker/test.pyc"]
    assert sorted(left.splitlines()) == kept
    certificates = set(mirror.inside(first["image"], "ls", "/etc/ssl/certs").split())
    assert certificates & {"0a1b2c3d.0", "kept.pem", "maker.pem"} == {"kept.pem"}
    places = (
        "/etc/machine-id",
        "/usr/share/octave/octave_packages",
        "/etc/iscsi/initiatorname.iscsi",
    )
    assert mirror.inside(first["image"], "cat", *places).splitlines() == [
        "# Created by Octave 7.3.0",
        "GenerateName=yes",
    ]


def test_what_the_base_has_stays_where_a_package_changes_it(
    world: EngineWorld, mirror: Envc, base: str, tmp_path: Path
) -> None:
    places = (
        "/etc/maker/server.key",
        "/etc/maker/server.crt",
        "/etc/munge/munge.key",
        "/var/lib/postgresql/15/main/PG_VERSION",
    )
    folders = " ".join(str(Path(place).parent) for place in places)
    text = f"FROM {base}\nRUN mkdir -p {folders} && touch {' '.join(places)}\n"
    (tmp_path / "Dockerfile").write_text(text)
    image = f"{world.registry}/envc-test-debian:has-keys"
    words = ["docker", "buildx", "build", "--quiet", "--provenance=false", "--push"]
    subprocess.run([*words, "-t", image, str(tmp_path)], capture_output=True, check=True)
    write_spec(mirror, image, "munge", "user root\n")
    mirror("lock", "pets.envc")

    built = mirror.build("pets.envc")

    assert mirror.inside(built["image"], "ls", *places).splitlines() == sorted(places)


def test_what_lock_warns_of_can_be_allowed(mirror: Envc, base: str) -> None:
    write_spec(mirror, base, "munge")
    spec = mirror.folder / "pets.envc"

    told = mirror("lock", "pets.envc").stderr
    spec.write_text(spec.read_text().replace("system {", "# envc: allow W463\nsystem {"))
    allowed = mirror("lock", "pets.envc", "--update").stderr

    assert "warning[W463]: `munge` makes its key as it is installed" in told
    assert "W463" not in allowed


def test_a_lock_keeps_what_is_right_and_moves_when_told(
    mirror: Envc, base: str, archive: Path
) -> None:
    write_spec(mirror, base, "libhello")
    mirror("lock", "pets.envc")
    newer = [Deb(name="libhello", version="2.0"), LIBRARY, HELLO]
    write_archive(archive / "now", newer)

    mirror("lock", "pets.envc")
    kept = versions(mirror)
    write_spec(mirror, base, "libhello, hello")
    mirror("lock", "pets.envc")
    added = versions(mirror)
    mirror("lock", "pets.envc", "--update-package", "libhello")
    moved = versions(mirror)
    stated = mirror("lock", "pets.envc", "--outdated", "--json").stdout

    assert kept == {"libhello": "1.5"}
    assert added == {"hello": "1:2.0-1", "libhello": "1.5"}
    assert moved == {"hello": "1:2.0-1", "libhello": "2.0"}
    assert json.loads(stated)["outdated"] == []


def test_drift_is_told_at_its_line(mirror: Envc, base: str) -> None:
    write_spec(mirror, base, "libhello")
    mirror("lock", "pets.envc")

    write_spec(mirror, base, "libhello=1.5, hello")
    done = mirror("lock", "--check", "pets.envc", exit_code=4)
    write_spec(mirror, base, 'libhello\nsnapshot "2026-01-31"\n')
    snapshot = mirror("lock", "--check", "pets.envc", exit_code=4)

    assert "E426" in done.stderr
    assert "asks for `libhello=1.5`, and the lock was made for `libhello`" in done.stderr
    assert "does not know the Debian package `hello`" in done.stderr
    assert "E427" in snapshot.stderr


def test_what_the_archive_does_not_have_is_told_at_its_word(mirror: Envc, base: str) -> None:
    write_spec(mirror, base, "hallo, libhello=9")
    unknown = mirror("lock", "pets.envc", exit_code=1)
    write_spec(mirror, base, "reading")
    virtual = mirror("lock", "pets.envc", exit_code=1)
    write_spec(mirror, base, "hello, fighter")
    conflict = mirror("lock", "pets.envc", exit_code=1)

    assert "E390" in unknown.stderr
    assert "did you mean `hello`?" in unknown.stderr
    assert "have no package `reading`, only others that provide it" in virtual.stderr
    assert "name the one that you want: `fighter`, `hello-doc`" in virtual.stderr
    assert "E391" in unknown.stderr
    assert "there is `1.5`" in unknown.stderr
    assert "E392" in conflict.stderr
    assert not (mirror.folder / "pets.lock").exists()


def test_an_archive_that_is_gone_is_no_fault_of_the_spec(envc: Envc, base: str) -> None:
    envc.variables["ENVC_MIRRORS"] = f"{ARCHIVE}=http://127.0.0.1:9"
    write_spec(envc, base, "hello")

    done = envc("lock", "pets.envc", exit_code=3)

    assert "E394" in done.stderr


def test_another_platform_is_resolved_by_the_same_apt(mirror: Envc, base: str) -> None:
    write_spec(
        mirror, base, "hello\nlibhello on linux/amd64", "platforms linux/amd64, linux/arm64\n"
    )

    mirror("lock", "pets.envc")

    assert versions(mirror, "linux/arm64") == {"hello": "3.0", "libhello": "3.0"}
    assert {one["architecture"] for one in locked(mirror, "linux/arm64")["system"]} == {"arm64"}
    assert versions(mirror) == {"hello": "1:2.0-1", "libhello": "1.5"}


def test_a_platform_without_an_apt_to_ask_is_told(mirror: Envc, base: str) -> None:
    inspect = ["docker", "buildx", "imagetools", "inspect", f"{base}-arm64", "--format"]
    found = subprocess.run(
        [*inspect, "{{json .Manifest.Digest}}"], capture_output=True, text=True, check=True
    )
    only = f"{base}@{json.loads(found.stdout)}"
    write_spec(mirror, only, "hello", "platforms linux/arm64\n")

    done = mirror("lock", "pets.envc", exit_code=3)

    assert "E395" in done.stderr


def test_a_snapshot_is_the_archive_as_it_was(
    envc: Envc, world: EngineWorld, address: str, tmp_path: Path
) -> None:
    base = make_base(world, tmp_path, DEBIAN, "official")
    then = "http://snapshot.debian.org/archive/debian/20260201T000000Z"
    envc.variables["ENVC_MIRRORS"] = f"{then}={address}/then {DEBIAN}={address}/now"
    write_spec(envc, base, 'hello\nsnapshot "2026-01-31"\n')

    envc("lock", "pets.envc")
    built = envc.build("pets.envc")

    assert versions(envc) == {"hello": "1:1.0-1", "libhello": "1.5"}
    assert {one["url"].rpartition("/./")[0] for one in locked(envc)["system"]} == {then}
    shown = envc.inside(built["image"], "dpkg-query", "-W", "-f", "${Version}", "hello")
    assert shown == "1:1.0-1"


def test_an_archive_without_snapshots_is_told(mirror: Envc, base: str) -> None:
    write_spec(mirror, base, 'hello\nsnapshot "2026-01-31"\n')

    done = mirror("lock", "pets.envc", exit_code=1)

    assert "E396" in done.stderr
    assert ARCHIVE in done.stderr


def test_a_base_without_apt_is_told(envc: Envc, world: EngineWorld, tmp_path: Path) -> None:
    image = f"{world.registry}/envc-test-debian:rpm"
    remove = "rm /usr/bin/apt-get && printf '#!/bin/sh' > /usr/bin/rpm && chmod +x /usr/bin/rpm"
    (tmp_path / "Dockerfile").write_text(f"FROM {world.base}\nRUN {remove}\n")
    build = ["docker", "buildx", "build", "--quiet", "--provenance=false", "--push", "-t", image]
    subprocess.run([*build, str(tmp_path)], capture_output=True, check=True)
    write_spec(envc, image, "hello")

    done = envc("lock", "pets.envc", exit_code=1)

    assert "E393" in done.stderr
    assert "its packages are RPM ones" in done.stderr


def test_a_package_that_left_the_archive_is_found_at_the_snapshots(
    mirror: Envc, base: str, archive: Path, address: str
) -> None:
    write_spec(mirror, base, "libhello")
    mirror("lock", "pets.envc")
    listing = archive / "mr/binary/libhello/1.5/binfiles"
    listing.parent.mkdir(parents=True)
    listing.write_text(json.dumps({"result": [{"architecture": "amd64", "hash": "abc"}]}))
    (archive / "file").mkdir()
    (archive / "now" / LIBRARY.filename).rename(archive / "file/abc")
    mirror.variables["ENVC_MIRRORS"] += f" http://snapshot.debian.org={address}"

    gone = mirror("build", "pets.envc", "--no-cache", exit_code=3)
    mirror("vendor", "pets.envc", "v", "--no-images")
    built = mirror.build("pets.envc", "--vendor", "v")

    assert "E612" in gone.stderr
    assert "snapshot.debian.org" in gone.stderr
    assert mirror.inside(built["image"], "cat", "/usr/lib/libhello.txt") == "library\n"


def test_without_an_engine_the_lock_says_so_and_the_build_installs(
    mirror: Envc, world: EngineWorld, tmp_path: Path, address: str
) -> None:
    base = make_base(world, tmp_path, f"{address}/now", "local")
    write_spec(mirror, base, "hello")
    mirror.variables["DOCKER_HOST"] = f"unix://{tmp_path}/none.sock"

    warned = mirror("lock", "pets.envc")
    compiled = mirror("compile", "pets.envc", "-o", "out")
    del mirror.variables["DOCKER_HOST"]
    built = mirror.build("pets.envc", "--network", "host")
    mirror("lock", "pets.envc")

    facts = json.loads((mirror.folder / "out/image.json").read_text())
    assert "W462" in warned.stderr
    assert "W550" in compiled.stderr
    assert facts["not_reproducible"] == ["Debian packages on linux/amd64 are not pinned: hello"]
    assert mirror.inside(built["image"], "cat", "/usr/share/hello/text") == "hello\n"
    assert versions(mirror) == {"hello": "1:2.0-1", "libhello": "1.5"}
