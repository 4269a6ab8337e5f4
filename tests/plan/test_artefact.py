"""The stages that hold one artefact each."""

from __future__ import annotations

from envc.lock.model import PlatformLock
from envc.lock.package import SystemPackage
from envc.plan.instruction import Add, Run, Stage
from support.plans import conda_lock, conda_package, pip_lock, plan_of, wheel

AMD64, ARM64 = "linux/amd64", "linux/arm64"


def deb(name: str, architecture: str = "amd64") -> SystemPackage:
    """Return a package of Debian's archive."""
    url = f"https://deb.debian.org/debian/pool/main/{name}_1_{architecture}.deb"
    return SystemPackage(
        name=name, version="1", architecture=architecture, url=url, sha256="d" * 64, size=1
    )


def stages(**locks: PlatformLock) -> dict[str, Stage]:
    """Return the stages of a build of locks, given by architecture."""
    platforms = {f"linux/{name}": lock for name, lock in locks.items()}
    return {stage.name: stage for stage in plan_of({"environment": "x"}, platforms).stages}


def holding(made: dict[str, Stage]) -> dict[str, str]:
    """Return what the stages with one artefact hold, by their names."""
    return {
        name: stage.instructions[0].url.rpartition("/")[2]
        for name, stage in made.items()
        if name.startswith(("deb-", "package-", "wheel-"))
        and isinstance(stage.instructions[0], Add)
    }


def mounted(stage: Stage, folder: str) -> list[tuple[str | None, str]]:
    """Return which stages the steps of a stage see below a folder, and where."""
    runs = [one for one in stage.instructions if isinstance(one, Run)]
    mounts = [mount for run in runs for mount in run.mounts]
    return [(one.stage, one.target) for one in mounts if one.target.startswith(f"{folder}/")]


def test_each_artefact_has_a_stage_and_the_first_of_a_kind_says_what_they_are() -> None:
    locked = conda_lock(
        conda_package("zlib"), conda_package("xz"), pip=(wheel("six"), wheel("idna"))
    ).model_copy(update={"system": [deb("tini")]})

    made = stages(amd64=locked)

    assert holding(made) == {
        "deb-tini": "tini_1_amd64.deb",
        "package-xz": "xz-1.0-0.conda",
        "package-zlib": "zlib-1.0-0.conda",
        "wheel-idna": "idna-1.0-py3-none-any.whl",
        "wheel-six": "six-1.0-py3-none-any.whl",
    }
    comments = {name: made[name].comment.partition(",")[0] for name in holding(made)}
    assert comments == {
        "deb-tini": "Debian packages",
        "package-xz": "Conda packages",
        "package-zlib": "",
        "wheel-idna": "Wheels",
        "wheel-six": "",
    }


def test_platforms_share_the_stages_of_what_they_have_in_common() -> None:
    locks = {
        name: pip_lock(
            wheel("six", size=1),
            wheel("numpy", size=1, url=f"https://files.example/{name}/numpy-1.0-py3-none-any.whl"),
            *more,
        )
        for name, more in (("amd64", ()), ("arm64", (wheel("idna", size=1),)))
    }

    made = stages(**locks)

    names = {"wheel-idna", "wheel-numpy-amd64", "wheel-numpy-arm64", "wheel-six"}
    assert holding(made).keys() == names
    folder = "/mnt/files"
    assert mounted(made["pip-1-amd64"], folder) == [
        ("wheel-numpy-amd64", f"{folder}/wheel-numpy-amd64"),
        ("wheel-six", f"{folder}/wheel-six"),
    ]
    assert [stage for stage, _ in mounted(made["pip-1-arm64"], folder)] == [
        "wheel-idna",
        "wheel-numpy-arm64",
        "wheel-six",
    ]


def test_no_name_of_a_package_makes_two_stages_of_one_name() -> None:
    own = [wheel("six", url=f"https://files.example/{name}.whl") for name in ("amd64", "arm64")]
    locks = {
        name: pip_lock(one, wheel("six-amd64"))
        for name, one in zip(("amd64", "arm64"), own, strict=True)
    }

    made = stages(**locks)

    assert holding(made).keys() == {"wheel-six-amd64", "wheel-six-arm64", "wheel-six-amd64-package"}


def test_names_that_no_image_may_have_get_a_digest() -> None:
    locked = conda_lock(conda_package("_openmp_mutex"), conda_package("openmp-mutex")).model_copy(
        update={"system": [deb("g++"), deb("g--"), deb("libstdc++6")]}
    )

    made = stages(amd64=locked)

    assert list(holding(made)) == [
        "deb-g-137f828d",
        "deb-g-fd906630",
        "deb-libstdc-6-ee0af3d5",
        "package-openmp-mutex-b67410cf",
        "package-openmp-mutex",
    ]
    shown = [stage for stage, _ in mounted(made["system"], "/mnt/packages")]
    assert shown == ["deb-g-137f828d", "deb-g-fd906630", "deb-libstdc-6-ee0af3d5"]
