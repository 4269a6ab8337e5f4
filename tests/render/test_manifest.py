"""What `image.json` says of an image."""

from __future__ import annotations

from envc.lock.model import Intent, Lock
from envc.lock.package import SystemPackage
from envc.render.manifest import facts
from envc.spec.model import EnvSpec
from support.plans import BARE, plan_of


def debian(name: str) -> SystemPackage:
    url = f"http://deb.debian.org/debian/{name}_1_amd64.deb"
    return SystemPackage(
        name=name, version="1", architecture="amd64", url=url, sha256="ab" * 32, size=1
    )


def test_debian_packages_that_leave_something_of_their_own_are_outside_of_the_promise() -> None:
    names = ["bacula-fd", "git", "openssh-server", "phpmyadmin", "postgresql-15"]
    locked = BARE.model_copy(update={"system": tuple(map(debian, names))})
    data = {"environment": "x", "system": names}
    lock = Lock(intent=Intent(base="unused"), platforms={"linux/amd64": locked})

    found = facts(
        EnvSpec.model_validate(data), lock, plan_of(data, dict(lock.platforms)), inputs={}
    )

    assert found["not_reproducible"] == [
        "Debian packages on linux/amd64 make passwords or times of their own as they are installed: "
        "bacula-fd, phpmyadmin"
    ]
