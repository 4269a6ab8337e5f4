"""Registered environments and versions, as lines for a reader and as JSON data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from envc.cli.columns import align, exact_time, format_time
from envc.cli.size import format_size
from envc.store.record import Draft, Environment, Version

__all__ = [
    "describe_content",
    "describe_environment",
    "describe_version",
    "list_environments",
    "list_versions",
    "show_content",
    "show_version",
]


def describe_environment(environment: Environment) -> dict[str, Any]:
    """Return what `--json` says of an environment."""
    return {
        "name": environment.name,
        "latest": environment.latest,
        "versions": environment.count,
        "labels": dict(environment.labels),
        "description": environment.description,
        "created": exact_time(environment.created),
        "changed": exact_time(environment.changed),
        "archived": exact_time(environment.archived),
    }


def describe_version(version: Version) -> dict[str, Any]:
    """Return what `--json` says of a version."""
    return {
        "name": version.name,
        "version": version.number,
        "reference": version.reference,
        "labels": list(version.labels),
        "properties": dict(version.properties),
        "description": version.description,
        "created": exact_time(version.created),
        "archived": exact_time(version.archived),
        **describe_content(version.draft),
    }


def describe_content(draft: Draft) -> dict[str, Any]:
    """Return what `--json` says of what something is made of."""
    ids = {variant: dict(own) for variant, own in draft.env_ids.items()}
    return {
        "digest": draft.digest,
        "spec_id": draft.spec_id,
        **({"env_ids": ids[""]} if "" in ids else {"variants": ids}),
        "files": [
            {
                "path": file.path,
                "role": file.role,
                "sha256": file.sha256,
                "size_bytes": file.size_bytes,
                "mode": f"{file.mode:o}",
                "link": file.link,
            }
            for file in draft.files
        ],
    }


def list_environments(environments: Sequence[Environment]) -> Iterator[str]:
    """Yield a line for each: its latest version, when that was registered, labels, description."""
    return align(
        (
            one.name if one.latest is None else f"{one.name}@{one.latest}",
            format_time(one.changed),
            "archived" if one.is_archived else "",
            ", ".join(_tell_label(label, number, one) for label, number in one.labels.items()),
            one.description,
        )
        for one in environments
    )


def list_versions(versions: Sequence[Version]) -> Iterator[str]:
    """Yield a line for each: its reference, when it was registered, labels, description."""
    return align(
        (
            one.reference,
            format_time(one.created),
            "archived" if one.archived is not None else "",
            ", ".join(one.labels),
            one.description,
        )
        for one in versions
    )


def show_version(version: Version) -> Iterator[str]:
    """Yield what is known of a version, a line for each thing."""
    yield version.reference
    rows = [
        ("registered", format_time(version.created)),
        ("archived", format_time(version.archived) if version.archived is not None else ""),
        ("description", version.description),
        ("labels", ", ".join(version.labels)),
        *((key, value) for key, value in version.properties.items()),
        *show_content(version.draft),
    ]
    for line in align(row for row in rows if row[1]):
        yield f"  {line}"


def show_content(draft: Draft) -> Iterator[tuple[str, str]]:
    """Yield what something is made of: what each thing is, and its text, which may be empty."""
    yield "spec id", draft.spec_id
    for variant, own in draft.env_ids.items():
        for platform, env_id in own.items():
            yield " ".join(filter(None, (variant, platform))), env_id
    for file in draft.files:
        yield file.path, f"-> {file.link}" if file.link else format_size(file.size_bytes)


def _tell_label(label: str, number: int, environment: Environment) -> str:
    return label if number == environment.latest else f"{label}@{number}"
