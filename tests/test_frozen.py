"""Frozen classes do what dataclasses do that are frozen, have slots and take keywords."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any, ClassVar

import pytest

from envc.frozen import frozen


@frozen
class Frozen:
    """One with all kinds of fields."""

    KIND: ClassVar[str] = "kind"
    name: str
    size: int = 0
    tags: list[str] = field(default_factory=list)
    secret: str = field(default="s", repr=False)
    place: int = field(default=0, compare=False)
    double: int = field(init=False, compare=False)
    fixed: int = field(default=7, init=False)
    made: list[int] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "double", self.size * 2)

    @property
    def shout(self) -> str:
        """The name in capitals."""
        return self.name.upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """The same as `Frozen`, by dataclasses."""

    KIND: ClassVar[str] = "kind"
    name: str
    size: int = 0
    tags: list[str] = field(default_factory=list)
    secret: str = field(default="s", repr=False)
    place: int = field(default=0, compare=False)
    double: int = field(init=False, compare=False)
    fixed: int = field(default=7, init=False)
    made: list[int] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "double", self.size * 2)


@frozen
class Pair:
    """One that can be a key."""

    left: int
    right: int = field(default=0, compare=False)


@frozen
class Longer(Pair):
    """One with more than what it is made from."""

    more: str = "more"


@frozen
class Empty:
    """One without fields."""


@frozen
class Own:
    """One with methods of its own."""

    value: int

    def __repr__(self) -> str:
        return f"<{self.value}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Own)

    def __hash__(self) -> int:
        return 1


@frozen
class Node:
    """One that can hold itself."""

    inner: list[Node]


BOTH = pytest.mark.parametrize("made", [Frozen, Plain])


@BOTH
def test_its_text_has_what_is_shown(made: Callable[..., Any]) -> None:
    expected = "(name='a', size=2, tags=['t'], place=3, double=4, fixed=7, made=[])"

    assert repr(made(name="a", size=2, tags=["t"], place=3)) == made.__name__ + expected


@BOTH
@pytest.mark.parametrize(
    ("changes", "is_same"),
    [
        ({}, True),
        ({"place": 9}, True),
        ({"size": 2}, False),
        ({"secret": "other"}, False),
        ({"tags": ["t"]}, False),
    ],
)
def test_it_is_compared_by_value(
    made: Callable[..., Any], changes: dict[str, Any], is_same: bool
) -> None:
    assert (made(name="a", size=1) == made(**{"name": "a", "size": 1} | changes)) is is_same


@BOTH
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "missing 1 required keyword-only argument: 'name'"),
        ({"name": "a", "other": 1}, "got an unexpected keyword argument 'other'"),
        ({"name": "a", "double": 1}, "got an unexpected keyword argument 'double'"),
    ],
)
def test_wrong_arguments_are_refused_in_the_same_words(
    made: Callable[..., Any], given: dict[str, Any], message: str
) -> None:
    with pytest.raises(TypeError, match=message) as raised:
        made(**given)

    assert str(raised.value).startswith(f"{made.__name__}.__init__()")


@BOTH
def test_arguments_have_names(made: Callable[..., Any]) -> None:
    with pytest.raises(TypeError):
        made("a")


@BOTH
def test_it_never_changes(made: Callable[..., Any]) -> None:
    one = made(name="a")

    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'name'"):
        one.name = "b"
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'name'"):
        del one.name
    with pytest.raises((FrozenInstanceError, TypeError)):
        one.other = 1
    assert one.name == "a"


@BOTH
def test_dataclasses_own_functions_know_it(made: Any) -> None:
    one = made(name="a", size=1)

    assert is_dataclass(made)
    assert [each.name for each in fields(made)] == [
        *("name", "size", "tags", "secret", "place", "double", "fixed", "made")
    ]
    assert asdict(one) == {
        "name": "a",
        "size": 1,
        "tags": [],
        "secret": "s",
        "place": 0,
        "double": 2,
        "fixed": 7,
        "made": [],
    }
    assert replace(one, size=4).double == 8


@BOTH
def test_each_has_defaults_of_its_own(made: Callable[..., Any]) -> None:
    first, second = made(name="a"), made(name="a")
    first.tags.append("t")
    first.made.append(1)

    assert (second.tags, second.made) == ([], [])


@BOTH
@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))]
)
def test_it_can_be_copied(made: Callable[..., Any], again: Callable[[Any], Any]) -> None:
    one = made(name="a", size=1, tags=["t"], place=5)
    other = again(one)

    assert other == one
    assert (other.place, other.double) == (5, 2)


def test_it_has_slots_and_its_other_members() -> None:
    one = Frozen(name="a")

    assert not hasattr(one, "__dict__")
    assert (one.shout, one.KIND, Frozen.__doc__) == ("A", "kind", "One with all kinds of fields.")


def test_equal_ones_are_one_key() -> None:
    assert len({Pair(left=1), Pair(left=1, right=2), Pair(left=2)}) == 2


def test_one_of_another_class_is_not_equal() -> None:
    assert Longer(left=1) != Pair(left=1)
    assert Empty() == Empty()


def test_a_class_made_from_another_has_the_fields_of_both() -> None:
    one = Longer(left=1, more="x")

    assert repr(one) == "Longer(left=1, right=0, more='x')"
    assert replace(one, right=2) == one
    assert Pair(left=3).left == 3


def test_methods_of_its_own_stay() -> None:
    assert repr(Own(value=1)) == "<1>"
    assert Own(value=1) == Own(value=2)
    assert hash(Own(value=1)) == 1


def test_one_that_holds_itself_can_be_shown() -> None:
    one = Node(inner=[])
    one.inner.append(one)

    assert repr(one) == "Node(inner=[...])"


def test_one_with_a_list_is_no_key() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(Frozen(name="a"))


def test_the_first_ones_can_be_made_at_once() -> None:
    ready = threading.Barrier(8)
    found: list[object] = []

    def make(kind: Callable[..., object]) -> None:
        ready.wait()
        found.append(kind(value=1))

    for _ in range(20):

        @frozen
        class Fresh:
            value: int

        threads = [threading.Thread(target=make, args=(Fresh,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(found) == 160
