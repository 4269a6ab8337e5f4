"""A lock as a CycloneDX 1.6 SBOM in JSON: the same bytes for the same lock."""

from __future__ import annotations

import json
import uuid
from typing import Any

from envc.canonical import digest
from envc.interop.inventory import Component, inventory
from envc.interop.subject import Exported, Subject

__all__ = ["export"]

_NAMESPACE = uuid.UUID("6f3ea3f4-5a0b-5c1c-9d51-0d8a6f6f7e01")


def export(subject: Subject) -> Exported:
    """Return the bill of materials of a platform's image.

    What only installs is there with the scope `excluded`. There is no time in it, and its serial
    number is made from all the rest. https://cyclonedx.org/docs/1.6/json/
    """
    from envc import __version__

    platform, lock = subject.only
    components = inventory(subject)
    root: dict[str, Any] = {
        "type": "container",
        "bom-ref": "environment",
        "name": subject.name,
        "properties": [{"name": "envc:platform", "value": platform.name}],
    }
    if lock.python is not None:
        root["properties"].append({"name": "envc:python", "value": lock.python.version})
    tool = {"type": "application", "name": "envc", "version": __version__}
    content: dict[str, Any] = {
        "metadata": {"tools": {"components": [tool]}, "component": root},
        "components": [_describe(component) for component in components],
        "dependencies": _relate(components),
    }
    serial = uuid.uuid5(_NAMESPACE, digest(content))
    whole = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        **content,
    }
    return Exported(text=json.dumps(whole, indent=2) + "\n")


def _describe(component: Component) -> dict[str, Any]:
    is_image = component.purl.startswith("pkg:oci/")
    described: dict[str, Any] = {
        "type": "container" if is_image else "library",
        "bom-ref": component.purl,
        "name": component.name,
        "version": component.version,
        "scope": "excluded" if component.role == "tool" else "required",
        "hashes": [{"alg": "SHA-256", "content": component.sha256}],
        "purl": component.purl,
    }
    if component.url is not None:
        kind = "vcs" if component.url.startswith("git+") else "distribution"
        described["externalReferences"] = [{"type": kind, "url": component.url}]
    return described


def _relate(components: tuple[Component, ...]) -> list[dict[str, Any]]:
    """Return what depends on what: the environment itself on all that nothing else needs."""
    kept = [component for component in components if component.role != "tool"]
    needed = {purl for component in kept for purl in component.needs if purl != component.purl}
    direct = [component.purl for component in kept if component.purl not in needed]
    relations = [{"ref": "environment", "dependsOn": direct}]
    relations += [
        {"ref": component.purl, "dependsOn": list(component.needs)}
        for component in kept
        if component.needs
    ]
    return relations
