"""A spec as plain data in; the same without what can be written in two ways out.

So that a spec can be compared with itself in the other form, where neither has all of them.
"""

from __future__ import annotations

from envc.syntax.document import Data
from envc.syntax.form import NO, YES, Entries, Groups, Pairs, Param, Values, with_keys
from envc.syntax.words import STATEMENTS

__all__ = ["without_spellings"]

_FLAGS = frozenset({"network", "read-only", "required"})
_FORMS = {key: form for key, (_, form) in with_keys(STATEMENTS).items()}
_ALONE = frozenset({"channel", "command", "package", "source", "wheel"})


def without_spellings(data: dict[str, Data]) -> dict[str, Data]:
    """Return data that fits the language, each thing said in one way.

    >>> without_spellings({"conda": {"packages": [{"package": "git"}]}, "channels": []})
    {'conda': {'packages': ['git']}}
    """
    said: dict[str, Data] = {}
    for key, value in data.items():
        form = _FORMS.get(key)
        if isinstance(form, Entries):
            lists = value if isinstance(value, dict) else {"packages": value}
            said[key] = {name: _plain(found) for name, found in lists.items() if found != []}
        elif isinstance(form, Pairs | Groups):
            said[key] = value
        elif isinstance(form, Param) and isinstance(value, dict):
            said |= {key: {name: _plain(found) for name, found in value.items()}} if value else {}
        elif value not in ([], {}) or not isinstance(form, Values | None):
            said[key] = _plain(value)
    return said


def _plain(data: Data) -> Data:
    """Return a value whose short forms are used, and whose flags are `true` or not there."""
    if isinstance(data, list):
        return [_plain(item) for item in data]
    if isinstance(data, str):
        return data
    fields: dict[str, Data] = {}
    for key, value in data.items():
        if key in _FLAGS and isinstance(value, str) and value.lower() in YES | NO:
            if value.lower() in YES:
                fields[key] = "true"
        elif value != [] or key not in {"import", "run", "mounts"}:
            fields[key] = _plain(value)
    only = next(iter(fields.items())) if len(fields) == 1 else None
    return only[1] if only is not None and only[0] in _ALONE else fields
