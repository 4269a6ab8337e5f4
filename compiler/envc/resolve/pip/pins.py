"""A requirements file of pins, as resolvers write it, becomes versions by name."""

from __future__ import annotations

__all__ = ["parse_pins"]


def parse_pins(text: str) -> dict[str, str]:
    """Return versions by normalised name; what is pinned to an address has no version and is left out.

    >>> parse_pins("Typing_Extensions==4.0 ; python_version < '3.12'\\nb @ file:///b.whl\\n")
    {'typing-extensions': '4.0'}
    """
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name
    from packaging.version import Version

    pins: dict[str, str] = {}
    for line in text.splitlines():
        stripped = line.strip()
        if not stripped or stripped.startswith(("#", "-")):
            continue
        requirement = Requirement(stripped)
        if requirement.url is None:
            (pin,) = requirement.specifier
            pins[canonicalize_name(requirement.name)] = str(Version(pin.version))
    return pins
