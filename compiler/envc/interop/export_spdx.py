"""A lock as an SPDX 2.3 SBOM in JSON: the same bytes for the same lock."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from envc.canonical import digest
from envc.interop.inventory import Component, created, inventory
from envc.interop.subject import Exported, Subject

__all__ = ["export"]

_DOCUMENT, _ROOT = "SPDXRef-DOCUMENT", "SPDXRef-Environment"
_RELATIONS = {
    "base": ("{root}", "DESCENDANT_OF", "{part}"),
    "package": ("{root}", "CONTAINS", "{part}"),
    "tool": ("{part}", "BUILD_TOOL_OF", "{root}"),
}


def export(subject: Subject) -> Exported:
    """Return the bill of materials of a platform's image.

    SPDX wants a time: it is that of the newest Conda package, as in the image itself. The namespace
    is made from all the rest. https://spdx.github.io/spdx-spec/v2.3/
    """
    from envc import __version__

    platform, lock = subject.only
    components = inventory(subject)
    ids = {one.purl: f"SPDXRef-Package-{at}" for at, one in enumerate(components, start=1)}
    moment = datetime.fromtimestamp(created(lock), UTC)
    content: dict[str, Any] = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": _DOCUMENT,
        "name": f"{subject.name} ({platform.name})",
        "creationInfo": {
            "created": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": [f"Tool: envc-{__version__}"],
        },
        "packages": [_describe_root(subject), *(_describe(one, ids) for one in components)],
        "relationships": _relate(components, ids),
    }
    namespace = f"https://spdx.org/spdxdocs/envc-{digest(content).removeprefix('sha256:')}"
    whole = {**content, "documentNamespace": namespace}
    return Exported(text=json.dumps(whole, indent=2) + "\n")


def _describe_root(subject: Subject) -> dict[str, Any]:
    return {
        "SPDXID": _ROOT,
        "name": subject.name,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "primaryPackagePurpose": "CONTAINER",
    }


def _describe(component: Component, ids: dict[str, str]) -> dict[str, Any]:
    is_image = component.purl.startswith("pkg:oci/")
    purpose = "CONTAINER" if is_image else "LIBRARY"
    return {
        "SPDXID": ids[component.purl],
        "name": component.name,
        "versionInfo": component.version,
        "downloadLocation": component.url or "NOASSERTION",
        "filesAnalyzed": False,
        "checksums": [{"algorithm": "SHA256", "checksumValue": component.sha256}],
        "externalRefs": [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": component.purl,
            }
        ],
        "primaryPackagePurpose": purpose,
    }


def _relate(components: tuple[Component, ...], ids: dict[str, str]) -> list[dict[str, str]]:
    found = [(_DOCUMENT, "DESCRIBES", _ROOT)]
    for component in components:
        own = ids[component.purl]
        start, kind, end = _RELATIONS[component.role]
        found.append((start.format(root=_ROOT, part=own), kind, end.format(root=_ROOT, part=own)))
        found += [(own, "DEPENDS_ON", ids[purl]) for purl in component.needs]
    return [
        {"spdxElementId": start, "relationshipType": kind, "relatedSpdxElement": end}
        for start, kind, end in found
    ]
