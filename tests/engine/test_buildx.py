"""Where buildx is found: asked of folders that stand in for Docker's."""

from __future__ import annotations

import json
from pathlib import Path

from envc.engine.buildx import buildx_command


def put(path: Path, mode: int = 0o755) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return str(path)


def test_without_a_plugin_docker_is_asked_for_it(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "PATH": str(tmp_path)}

    assert buildx_command(environment) == ["docker", "buildx"]
    assert buildx_command({}) == ["docker", "buildx"]


def test_the_users_plugin_comes_before_the_systems(tmp_path: Path) -> None:
    put(tmp_path / "usr" / "bin" / "docker")
    systems = put(tmp_path / "usr" / "libexec" / "docker" / "cli-plugins" / "docker-buildx")
    environment = {"HOME": str(tmp_path / "home"), "PATH": str(tmp_path / "usr" / "bin")}

    assert buildx_command(environment) == [systems]

    users = put(tmp_path / "home" / ".docker" / "cli-plugins" / "docker-buildx")
    assert buildx_command(environment) == [users]


def test_a_link_to_docker_leads_to_the_plugins_beside_it(tmp_path: Path) -> None:
    docker = put(tmp_path / "opt" / "docker" / "bin" / "docker")
    plugin = put(tmp_path / "opt" / "docker" / "lib" / "docker" / "cli-plugins" / "docker-buildx")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "docker").symlink_to(docker)

    assert buildx_command({"PATH": str(tmp_path / "bin")}) == [plugin]


def test_dockers_configuration_names_further_folders(tmp_path: Path) -> None:
    plugin = put(tmp_path / "more" / "docker-buildx")
    put(tmp_path / "config" / "cli-plugins" / "docker-buildx")
    said = {"cliPluginsExtraDirs": [str(tmp_path / "none"), str(tmp_path / "more")]}
    (tmp_path / "config" / "config.json").write_text(json.dumps(said))

    assert buildx_command({"DOCKER_CONFIG": str(tmp_path / "config")}) == [plugin]


def test_a_configuration_that_cannot_be_read_names_none(tmp_path: Path) -> None:
    plugin = put(tmp_path / "cli-plugins" / "docker-buildx")
    for text in ("{", "[]", '{"cliPluginsExtraDirs": 3}', '{"cliPluginsExtraDirs": [3]}'):
        (tmp_path / "config.json").write_text(text)

        assert buildx_command({"DOCKER_CONFIG": str(tmp_path)}) == [plugin]


def test_a_file_that_cannot_be_run_is_no_plugin(tmp_path: Path) -> None:
    put(tmp_path / "cli-plugins" / "docker-buildx", mode=0o644)

    assert buildx_command({"DOCKER_CONFIG": str(tmp_path)}) == ["docker", "buildx"]
