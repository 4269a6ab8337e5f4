"""Conda solvers: what they answer, and what they say about requirements that cannot be met."""

from __future__ import annotations

import pytest

from envc.errors import InputError
from envc.resolve.base import CondaResolution, Conflict, Requirement
from support.conda_site import Site, conflict, fail, silent
from support.conda_world import record


def test_package_says_all_that_the_channel_says(site: Site) -> None:
    content = record("six", "1.17.0", "pyh_1", depends=["python", "a >1"], subdir="noarch")
    site.add(main=[content, record("python", "3.12.1"), record("a", "2")])

    result = site.solvers()[0].resolve(site.request("six"), silent)

    assert isinstance(result, CondaResolution)
    assert result.packages[-1].model_dump() == {
        "name": "six",
        "version": "1.17.0",
        "build": "pyh_1",
        "subdir": "noarch",
        "channel": "https://conda.example.org/main",
        "url": "https://conda.example.org/main/noarch/six-1.17.0-pyh_1.conda",
        "sha256": content["sha256"],
        "md5": content["md5"],
        "size": content["size"],
        "timestamp": 1_700_000_000_000,
        "depends": ("a >1", "python"),
        "distribution": "six",
    }


def test_unknown_packages_are_told_together(site: Site) -> None:
    site.add(main=[record("numpy", "2.0"), record("only-arm", "1.0", subdir="linux-aarch64")])
    request = site.request("numpyy >=1", "numpy", "zzzz", "only-arm")

    for solver in site.solvers():
        error = fail(solver, request)

        assert isinstance(error, InputError)
        assert str(error) == (
            "error[E301]: no channel has a package `numpyy` for linux/amd64\n"
            " --> spec.envc:1:1\n1 | numpyy >=1\n  | ^^^^^^^^^^\n"
            "hint: did you mean `numpy`?\n\n"
            "error[E301]: no channel has a package `zzzz` for linux/amd64\n"
            " --> spec.envc:3:1\n3 | zzzz\n  | ^^^^\n"
            "hint: check its spelling, or add the channel that has it to "
            "`https://conda.example.org/main`\n\n"
            "error[E301]: no channel has a package `only-arm` for linux/amd64\n"
            " --> spec.envc:4:1\n4 | only-arm\n  | ^^^^^^^^\n"
            "hint: only linux-aarch64 has it: use another package or channel, "
            "or drop the platform\n"
        )


def test_versions_that_do_not_exist_are_told_beside_unknown_packages(site: Site) -> None:
    site.add(main=[record("numpy", "2.0"), record("a", "1.0")])

    for solver in site.solvers():
        error = fail(solver, site.request("numpyy", "a", "numpy >=3"))

        assert isinstance(error, InputError)
        assert [(d.code, d.labels[0].span.text, d.hint) for d in error.diagnostics] == [
            ("E301", "numpyy", "did you mean `numpy`?"),
            ("E310", "numpy >=3", "the newest `numpy` there is 2.0"),
        ]


def test_only_what_a_typing_mistake_makes_is_guessed(site: Site) -> None:
    site.add(main=[record("internal", "1.0"), record("pandas", "2.0"), record("pip", "25.0")])

    error = fail(site.solvers()[0], site.request("pil", "internal-lib", "pnadas"))

    assert [problem.hint for problem in error.diagnostics] == [
        "check its spelling, or add the channel that has it to `https://conda.example.org/main`",
        "check its spelling, or add the channel that has it to `https://conda.example.org/main`",
        "did you mean `pandas`?",
    ]


def test_requirements_that_cannot_be_served_are_told_together(site: Site) -> None:
    site.add(main=[record("a", "1.0")])
    texts = ["other::a", "a ===", "a[fn='a-1.0-0.conda']", "a[subdir=noarch]"]

    error = fail(site.solvers()[0], site.request(*texts))

    assert isinstance(error, InputError)
    assert [(d.code, d.message, d.labels[0].span.text) for d in error.diagnostics] == [
        (
            "E302",
            "`other::a` asks for the channel `other`, which is not among the channels",
            texts[0],
        ),
        ("E304", "`a ===` is not a MatchSpec", texts[1]),
        ("E303", f"the solver cannot honour `fn` in `{texts[2]}`", texts[2]),
        ("E303", f"the solver cannot honour `subdir` in `{texts[3]}`", texts[3]),
    ]


def test_conda_lock_refuses_what_it_would_twist(site: Site) -> None:
    site.add(main=[record("a", "1.0"), record("b", "1.0")])
    texts = ["main::a", "a * x*", "a * y*", "b[build_number='>=1']", "b (<3|>5),!=4"]

    error = fail(site.solvers()[1], site.request(*texts))

    assert isinstance(error, InputError)
    assert [(d.code, d.message, d.notes) for d in error.diagnostics] == [
        ("E303", "the solver cannot honour `build_number` in `b[build_number='>=1']`", ()),
        ("E303", "the solver cannot honour `channel` in `main::a`", ()),
        (
            "E303",
            "the solver cannot honour `build` in `a * y*`",
            ("another requirement asks for the build `x*`",),
        ),
        ("E303", "the solver cannot honour `version` in `b (<3|>5),!=4`", ()),
    ]


@pytest.mark.parametrize("text", ["second::lib", "https://conda.example.org/second::lib <3"])
def test_named_channel_overrides_priority(text: str, site: Site) -> None:
    site.add(
        first=[record("lib", "1.0"), record("app", "1.0", depends=["lib"])],
        second=[record("lib", "2.0"), record("app", "9.0")],
    )
    request = site.request("app", text, "lib <9", channels=["first", "second"])

    result = site.solvers()[0].resolve(request, silent)

    assert isinstance(result, CondaResolution)
    assert [package.url for package in result.packages] == [
        "https://conda.example.org/first/linux-64/app-1.0-0.conda",
        "https://conda.example.org/second/linux-64/lib-2.0-0.conda",
    ]


def test_conflict_names_the_requirements_that_cannot_go_together(site: Site) -> None:
    site.add(
        main=[
            record("a", "1.0", depends=["lib >=2"]),
            record("b", "1.0", depends=["lib <2"]),
            record("innocent", "1.0"),
            *(record("lib", "1.0"), record("lib", "2.0")),
        ]
    )
    request = site.request("innocent", "a", "b")

    for solver in site.solvers():
        told = conflict(solver, request)

        assert told.message == "the Conda requirements cannot be installed together on linux/amd64"
        assert [cause.text for cause in told.causes] == ["a", "b"]
        assert "lib >=2" in told.explanation
        assert site.address not in told.explanation
        assert told.hint == "loosen one of them, or let another channel serve them"


def test_conflict_names_a_requirement_that_has_ruled_out_candidates_before(site: Site) -> None:
    site.add(
        main=[
            *(record("python", version) for version in ("3.8.1", "3.12.1")),
            record("lib", "1.0", depends=["python 3.8.*"]),
            record("lib", "2.0", depends=["python 3.12.*"]),
            record("app", "1.0", depends=["lib >=1.0"]),
            record("app", "2.0", depends=["lib >=2.0"]),
            *(record(f"other{number}", "1.0", depends=["python"]) for number in range(20)),
        ]
    )
    others = [f"other{number}" for number in range(20)]
    request = site.request(*others, "app >=1.0", "lib <2", "python 3.12.*")
    [rattler, *_] = site.solvers()

    told = conflict(rattler, request)

    assert [cause.text for cause in told.causes] == ["lib <2", "python 3.12.*"]
    assert "lib <2" in told.explanation
    assert "app" not in told.explanation


def test_conflict_over_the_target_says_what_it_lacks(site: Site) -> None:
    site.add(main=[record("torch", "2.4", depends=["__cuda >=12"])])

    for solver in site.solvers():
        told = conflict(solver, site.request("torch"))

        assert told.message == "`torch` cannot be installed on linux/amd64"
        assert told.hint == (
            "the target provides no `__cuda`: ask for a build that does not need it"
        )


def test_conflict_over_the_target_says_what_it_has_and_where_that_comes_from(site: Site) -> None:
    site.add(
        main=[
            record("app", "1.0", depends=["__glibc >=2.40,<3.0.a0"]),
            record("app", "1.1", depends=["lib"]),
            record("lib", "1.0", depends=["__glibc >=2.39"]),
        ]
    )

    told = conflict(site.solvers()[0], site.request("app"))

    assert told.message == "`app` cannot be installed on linux/amd64"
    assert "__glibc >=2.40,<3.0.a0, for which no candidates were found" in told.explanation
    assert told.hint == (
        "the target has `__glibc` 2.36, which comes from the base or `virtual-packages`: "
        "ask for packages that fit it, or change it"
    )


def test_a_requirement_that_nothing_can_serve_alone_is_not_called_several(site: Site) -> None:
    site.add(main=[record("app", "1.0", depends=["lib"]), record("lib", "1.0", depends=["gone"])])

    told = conflict(site.solvers()[0], site.request("app"))

    assert told.hint == "ask for another version or build, or let another channel serve it"


def test_a_build_that_is_not_there_is_told_with_those_that_are(site: Site) -> None:
    site.add(
        main=[
            record("blas", "1.0", build="mkl"),
            *(record("blas", "2.0", build=f"openblas_{number}") for number in range(5)),
            record("blas", "3.0", build="netlib"),
        ]
    )

    told = conflict(site.solvers()[0], site.request("blas <3 *accelerate"))

    assert told.message == (
        "nothing in `https://conda.example.org/main` fits `blas <3 *accelerate` on linux/amd64"
    )
    assert told.hint == (
        "`blas` 2.0 is there as `openblas_0`, `openblas_1`, `openblas_2` and 2 more: "
        "ask for another build"
    )


def test_a_branch_of_an_explanation_ends_where_it_says(site: Site) -> None:
    site.add(
        main=[*(record("blas", "1.0", build=one) for one in ("mkl", "openblas_0", "openblas_1"))]
    )

    told = conflict(site.solvers()[0], site.request("blas * mkl", "blas * openblas*"))

    assert [line.lstrip(" │")[:1] for line in told.explanation.splitlines()[1:]] == list("├└└└")


def test_requirement_of_the_target_is_checked(site: Site) -> None:
    site.add(main=[record("a", "1.0")])

    told = conflict(site.solvers()[0], site.request("a", "__cuda >=12"))

    assert told.message == "the target provides no `__cuda >=12`"
    assert [cause.text for cause in told.causes] == ["__cuda >=12"]


def test_version_that_is_not_there_is_told_with_the_newest(site: Site) -> None:
    site.add(main=[record("lib", "1.0"), record("lib", "1.10"), record("lib", "1.9")])

    for solver in site.solvers():
        assert conflict(solver, site.request("lib >=2")) == Conflict(
            message="nothing in `https://conda.example.org/main` fits `lib >=2` on linux/amd64",
            causes=(Requirement(text="lib >=2"),),
            hint="the newest `lib` there is 1.10",
        )


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("lib =1.5", "the nearest there are: 1.0 and 1.9"),
        ("lib ==1.9.5", "the nearest there are: 1.9 and 1.10"),
        ("lib >1.0,<1.9", "the nearest there are: 1.0 and 1.9"),
        ("lib 0.*", "the oldest `lib` there is 1.0"),
        ("lib <1", "the oldest `lib` there is 1.0"),
        ("lib !=1.0,>=1.11", "the newest `lib` there is 1.10"),
        ("lib 0.1|0.2", "the newest `lib` there is 1.10"),
    ],
)
def test_versions_next_to_the_one_that_is_not_there_are_named(
    site: Site, asked: str, hint: str
) -> None:
    site.add(main=[record("lib", "1.0"), record("lib", "1.10"), record("lib", "1.9")])

    told = [conflict(solver, site.request(asked)).hint for solver in site.solvers()]

    assert told == [hint] * len(told)


def test_shadowed_version_is_told_with_the_way_out(site: Site) -> None:
    site.add(first=[record("lib", "1.0")], second=[record("lib", "2.0")])
    request = site.request("lib >=2", channels=["first", "second"])

    for solver in site.solvers():
        assert conflict(solver, request) == Conflict(
            message="nothing in `https://conda.example.org/first` fits `lib >=2`, and it comes "
            "before `https://conda.example.org/second`, which has what fits",
            causes=(Requirement(text="lib >=2"),),
            hint="channel priority is strict: name the channel in the requirement "
            "(`https://conda.example.org/second::lib`), put it first, or say `channel-priority disabled`",
        )


def test_several_requirements_without_a_fit_are_told_together(site: Site) -> None:
    site.add(main=[record("a", "1.0"), record("b", "1.0")])

    told = conflict(site.solvers()[0], site.request("a >=2", "b <1"))

    assert told == Conflict(
        message="2 Conda requirements fit nothing on linux/amd64",
        explanation="nothing in `https://conda.example.org/main` fits `a >=2` on linux/amd64; "
        "the newest `a` there is 1.0\n"
        "nothing in `https://conda.example.org/main` fits `b <1` on linux/amd64; "
        "the oldest `b` there is 1.0",
        causes=(Requirement(text="a >=2"), Requirement(text="b <1")),
    )
