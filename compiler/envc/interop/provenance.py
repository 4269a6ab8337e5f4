"""Where an image comes from, from its lock: a SLSA provenance statement, the same for the same image."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from envc.interop.inventory import Component, inventory
from envc.interop.subject import Subject

__all__ = ["BUILD_TYPE", "PREDICATE_TYPE", "STATEMENT_TYPE", "provenance"]

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "https://envc.dev/build/v1"
"""What the parameters below mean: a name for it, as SLSA wants one, and no page."""


def provenance(
    subject: Subject,
    *,
    name: str,
    digest: str,
    env_id: str,
    spec_id: str,
    contract: int,
    epoch: int,
) -> str:
    """Return the statement of a platform's image, as JSON (https://slsa.dev/spec/v1.0/provenance).

    It has no times of its own and no build's number, so that whoever builds the image again says
    the very same of it.

    Args:
        name: Of the image's repository.
        digest: Of the image's manifest.
        contract: The version of what the env id promises.
        epoch: The image's time of creation, in s since 1970.
    """
    from envc import __version__

    platform, _ = subject.only
    predicate: dict[str, Any] = {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {
                "environment": subject.name,
                "platform": platform.name,
                "specId": spec_id,
            },
            "internalParameters": {
                "contract": contract,
                "envId": env_id,
                "sourceDateEpoch": epoch,
            },
            "resolvedDependencies": [_dependency(one) for one in inventory(subject)],
        },
        "runDetails": {"builder": {"id": "https://envc.dev", "version": {"envc": __version__}}},
    }
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": _algorithm(digest)}],
        "predicateType": PREDICATE_TYPE,
        "predicate": predicate,
    }
    return json.dumps(statement, indent=2) + "\n"


def _dependency(component: Component) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": component.name,
        "uri": component.purl,
        "digest": {"sha256": component.sha256},
        "annotations": {"role": component.role},
    }
    if component.url is not None:
        described["downloadLocation"] = component.url
    return described


def _algorithm(digest: str) -> Mapping[str, str]:
    algorithm, _, value = digest.partition(":")
    return {algorithm: value}
