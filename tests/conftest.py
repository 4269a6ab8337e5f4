"""Settings of all tests: the network ends at this machine, and goldens are rewritten on request."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

# How long an example takes says nothing on a busy machine.
settings.register_profile("envc", deadline=None)
settings.load_profile("envc")

# A shell that starts tests in the background has them ignore Ctrl-C, and all that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite expected output from what the code prints now; the diff is the review",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests of the engine reach registries; all others stay on the loopback (see addopts)."""
    for item in items:
        if item.get_closest_marker("engine"):
            item.add_marker(pytest.mark.enable_socket)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give a worker a whole end-to-end file, and of all others a test at a time, since some are long.

    Tests of such a file share specs, and `build` finds by its env id what another test's repository has.
    """
    from xdist.scheduler import LoadScopeScheduling

    class FilesInTurn(LoadScopeScheduling):  # type: ignore[misc]  # no types there
        def _split_scope(self, nodeid: str) -> str:
            path = nodeid.partition("::")[0]
            return path if path.startswith("tests/e2e/") else nodeid

    return FilesInTurn(config, log)


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether goldens are to be rewritten."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session", autouse=True)
def store_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what tests build and run out of the store of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ENVC_HOME", str(tmp_path_factory.mktemp("store-home")))
        yield
