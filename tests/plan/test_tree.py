"""The tree that an env id is the digest of: what its parts are called, and who asks for them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from envc.canonical import digest
from envc.plan.asking import find_askers
from envc.plan.node import Node
from envc.source import Source
from envc.syntax.document import Document
from support.plans import conda_lock, conda_package, wheel


def _document(data: dict[str, object], *paths: tuple[str | int, ...]) -> Document:
    """Return a document whose values stand on a line each."""
    source = Source(name="pets.envc", text="x\n" * (len(paths) + 1))
    spans = {path: source.line_span(number) for number, path in enumerate(paths, start=1)}
    return Document(
        source=source,
        data=data,  # type: ignore[arg-type]  # plain data, as a front end gives it
        spans={**spans, (): source.line_span(1)},
        key_spans={},
    )


def test_a_package_that_the_spec_names_is_asked_for_there() -> None:
    document = _document({"conda": ["Numpy >=1"], "pip": ["Ri.ch"]})

    found = find_askers(document, conda_lock(conda_package("numpy"), pip=(wheel("ri-ch"),)))

    assert found == {
        ("conda", "numpy"): ((("conda", 0), ""),),
        ("pip", "ri-ch"): ((("pip", 0), ""),),
    }


def test_what_a_package_needs_is_asked_for_through_it() -> None:
    document = _document({"conda": ["scipy", "pillow"]})
    locked = conda_lock(
        conda_package("blas", depends=["__glibc >=2.17", "libgfortran"]),
        conda_package("libgfortran"),
        conda_package("numpy", depends=["blas >=3", "absent"]),
        conda_package("pillow", depends=["zlib"]),
        conda_package("scipy", depends=["numpy >=1.26,<3"]),
        conda_package("zlib"),
    )

    found = find_askers(document, locked)

    assert found == {
        ("conda", "pillow"): ((("conda", 1), ""),),
        ("conda", "scipy"): ((("conda", 0), ""),),
        ("conda", "blas"): ((("conda", 0), "scipy"),),
        ("conda", "libgfortran"): ((("conda", 0), "scipy"),),
        ("conda", "numpy"): ((("conda", 0), "scipy"),),
        ("conda", "zlib"): ((("conda", 1), "pillow"),),
    }


def test_of_several_ways_the_shortest_is_told() -> None:
    document = _document({"conda": ["a", "z"]})
    locked = conda_lock(
        conda_package("a", depends=["b"]),
        conda_package("b", depends=["c"]),
        conda_package("c"),
        conda_package("z", depends=["c", "a"]),
    )

    found = find_askers(document, locked)

    assert (found["conda", "c"], found["conda", "b"]) == (
        ((("conda", 1), "z"),),
        ((("conda", 0), "a"),),
    )


def test_a_local_wheel_is_asked_for_by_its_path() -> None:
    document = _document({"pip": {"wheels": ["./dist/x-1.0-py3-none-any.whl"]}})
    local = wheel("x", url=None, index=None, path="dist/x-1.0-py3-none-any.whl")

    found = find_askers(document, conda_lock(pip=(local,)))

    assert found == {("pip", "x"): ((("pip", "wheels", 0), ""),)}


@given(st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=5)))
def test_a_node_has_the_digest_of_its_value(value: dict[str, int | str]) -> None:
    node = Node(name="x", value=value)

    assert node.digest == digest(value)


def test_leaves_are_told_with_the_names_that_lead_to_them() -> None:
    a, b = Node(name="a", value=1), Node(name="b", value=2)
    root = Node(name="", value=0, children=(Node(name="in", value=3, children=(a,)), b))

    assert list(root.leaves()) == [(("in", "a"), a), (("b",), b)]
    assert root.find("b") == b
    assert root.find("c") is None
