"""What people bring along from the files of other tools, in Conda and pip entries alike, and what helps."""

from __future__ import annotations

__all__ = ["TEMPLATE", "TEMPLATE_ADVICE", "VERSIONS_ONLY", "VERSIONS_ONLY_ADVICE"]

TEMPLATE = r"(?<!\$)\{\{.*?(?:\}\}|$)|\{%.*?(?:%\}|$)"
"""The pattern of what a template engine would have replaced."""

TEMPLATE_ADVICE = r"replace `\g<0>` by its value; a parameter of a spec is written `${{ name }}`"
"""What to do about a template, as a replacement for its pattern."""

VERSIONS_ONLY = r"^[<>=!~]=?.*"
"""The pattern of versions that no name stands before."""

VERSIONS_ONLY_ADVICE = (
    "write its package's name before it; in `[...]` a comma ends an entry, so put it whole into "
    'quotes: `["numpy >=1.26,<3"]`'
)
"""What to do about versions alone."""
