"""Caches of steps in registries: what is said of those that are no use."""

from __future__ import annotations

import json

import pytest

from envc.build.cache import cache_target, explain_caches
from envc.build.report.event import Failure, Progress
from envc.diagnostics import Diagnostic

IMPORT = "importing cache manifest from registry.example/cache:pets"
EXPORT = "exporting cache to registry"


def failed(name: str, error: str) -> Failure:
    return Failure(name=name, error=error, output=())


def test_a_cache_gets_the_steps_of_all_stages_and_fails_no_build() -> None:
    assert cache_target("registry.example/cache:pets") == (
        "type=registry,ref=registry.example/cache:pets,mode=max,image-manifest=true,"
        "oci-mediatypes=true,ignore-error=true"
    )


def test_a_cache_stores_layers_as_the_image_does() -> None:
    assert cache_target("registry.example/cache:pets", "zstd") == (
        "type=registry,ref=registry.example/cache:pets,mode=max,image-manifest=true,"
        "oci-mediatypes=true,compression=zstd,ignore-error=true"
    )


def test_a_cache_that_is_not_there_yet_is_no_matter() -> None:
    assert explain_caches([failed(IMPORT, "registry.example/cache:pets: not found")]) == ()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (IMPORT, "the cache `registry.example/cache:pets` cannot be read"),
        (EXPORT, "the cache of steps cannot be written to its registry"),
    ],
)
@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (
            "unexpected status from HEAD request: 401 Unauthorized",
            "log in to the registry with `docker login`, as somebody who may write there",
        ),
        (
            "dial tcp 127.0.0.1:1: connect: connection refused",
            "check that the registry runs and that the builder reaches it",
        ),
    ],
)
def test_a_cache_that_is_no_use_is_a_warning(
    name: str, message: str, error: str, hint: str
) -> None:
    assert explain_caches([failed(name, error)]) == (
        Diagnostic(
            code="W680",
            message=message,
            notes=(error, "the build went on without it"),
            hint=hint,
        ),
    )


def test_a_cache_that_fails_is_not_taken_for_the_step_that_broke_the_build() -> None:
    progress = Progress()
    for name, error in ((IMPORT, "refused"), ("[2/2] RUN false", "exit code: 1")):
        vertex = {"digest": name, "name": name, "started": "2026-01-01T00:00:00Z"}
        ended = {**vertex, "completed": "2026-01-01T00:00:01Z", "error": error}
        progress.feed(json.dumps({"vertexes": [ended]}))

    assert progress.failure == failed("[2/2] RUN false", "exit code: 1")
    assert progress.cache_failures == [failed(IMPORT, "refused")]
