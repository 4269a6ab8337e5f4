"""Immutable values, as `dataclass(frozen=True, slots=True, kw_only=True)` makes them, ready sooner.

dataclasses writes and compiles six methods for every class when its module is loaded; without that,
verbs take about a sixth less of a processor. Here five of them are the same functions
for all classes, and `__init__` is compiled when the first instance is made: most classes never have one.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
import reprlib
from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, field
from typing import Any, NoReturn, TypeVar, dataclass_transform

__all__ = ["frozen"]

_T = TypeVar("_T")
_Method = Callable[..., Any]


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def frozen(made: type[_T]) -> type[_T]:
    """Return a class with slots, whose instances are made by keywords, compared by value, and never change.

    It is a dataclass for all that asks: `field`, `replace`, `asdict`, `__post_init__` do what they do.

    >>> @frozen
    ... class Point:
    ...     x: int
    ...     y: int = 0
    >>> Point(x=1), Point(x=1) == Point(x=1, y=0), dataclasses.replace(Point(x=1), y=2)
    (Point(x=1, y=0), True, Point(x=1, y=2))
    >>> Point(x=1).x = 2
    Traceback (most recent call last):
    dataclasses.FrozenInstanceError: cannot assign to field 'x'
    """
    own = made.__dict__
    lean = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True, kw_only=True)
    made = lean(made)
    for name, method in (("__init__", _begin(made)), *_METHODS.items()):
        if name not in own or (name == "__hash__" and own[name] is None):
            setattr(made, name, method)
    return made


def _begin(made: type) -> _Method:
    """Return an `__init__` that puts the real one in its place, and hands on to it."""

    def __init__(self: Any, /, **given: Any) -> None:  # noqa: N807
        init = _compile(made)
        made.__init__ = init  # type: ignore[misc]
        init(self, **given)

    return __init__


def _compile(made: type) -> _Method:
    """Return the `__init__` of a class, as dataclasses writes it."""
    known: dict[str, Any] = {"_set": object.__setattr__, "_missing": MISSING}
    parameters, lines = [], []
    for one in dataclasses.fields(made):
        value = parameter = one.name
        if one.default is not MISSING:
            known[f"_default_{one.name}"] = one.default
            parameter += f"=_default_{one.name}"
            value = one.name if one.init else f"_default_{one.name}"
        elif one.default_factory is not MISSING:
            known[f"_factory_{one.name}"] = one.default_factory
            parameter += "=_missing"
            value = f"_factory_{one.name}()"
            value += f" if {one.name} is _missing else {one.name}" if one.init else ""
        elif not one.init:
            continue  # `__post_init__` sets it
        if one.init:
            parameters.append(parameter)
        lines.append(f"_set(self, {one.name!r}, {value})")
    if hasattr(made, "__post_init__"):
        lines.append("self.__post_init__()")
    star = ", *, " if parameters else ""
    body = "\n    ".join(lines) or "pass"
    exec(f"def __init__(self{star}{', '.join(parameters)}):\n    {body}\n", known)  # noqa: S102
    init: _Method = known["__init__"]
    init.__qualname__ = f"{made.__qualname__}.__init__"
    return init


def _compared(self: Any) -> Any:
    """Return the values by which an instance is compared."""
    return _getter(type(self))(self)  # type: ignore[arg-type]


@functools.cache
def _getter(made: type) -> Callable[[Any], Any]:
    names = [one.name for one in dataclasses.fields(made) if one.compare]
    return operator.attrgetter(*names) if names else lambda _: ()


@reprlib.recursive_repr()
def _repr(self: Any) -> str:
    shown = [one.name for one in dataclasses.fields(self) if one.repr]
    return (
        f"{type(self).__qualname__}({', '.join(f'{one}={getattr(self, one)!r}' for one in shown)})"
    )


def _eq(self: Any, other: Any) -> bool:
    if type(other) is not type(self):
        return NotImplemented  # type: ignore[no-any-return]
    return bool(_compared(self) == _compared(other))


def _hash(self: Any) -> int:
    return hash(_compared(self))


def _setattr(_: Any, name: str, __: Any) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(_: Any, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _getstate(self: Any) -> list[Any]:
    return [getattr(self, one.name) for one in dataclasses.fields(self)]


def _setstate(self: Any, state: list[Any]) -> None:
    for one, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, one.name, value)


_METHODS: dict[str, _Method] = {
    "__repr__": _repr,
    "__eq__": _eq,
    "__hash__": _hash,
    "__setattr__": _setattr,
    "__delattr__": _delattr,
    "__getstate__": _getstate,
    "__setstate__": _setstate,
}
