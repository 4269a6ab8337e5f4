"""Where pip-tools runs: what it leaves behind is gone, also where it is ended by force."""

from __future__ import annotations

from pathlib import Path

from envc.mirror import MirrorMap
from envc.resolve.index.client import IndexClient
from envc.resolve.index.transport import Transport
from envc.resolve.pip.front import IndexFront
from envc.resolve.pip.input import PipInput, target_of
from envc.resolve.pip.place import Host, Job
from support.index import IndexServer
from support.pip_world import ask

KILLED = """\
import os, pathlib, signal, sys, tempfile
folder = tempfile.mkdtemp(prefix="pip-unpack-")
print(folder, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_job_leaves_behind_goes_with_its_folder(tmp_path: Path) -> None:
    job = Job(arguments=("killed.py",), files={"killed.py": KILLED}, output="")
    with IndexServer() as index:
        request = ask("a", index=index)
        given = PipInput(request=request, target=target_of(request), roots=())
        client = IndexClient((), MirrorMap.parse([]), Transport({}, retries=0), tmp_path)
        with IndexFront(given, client) as front:
            done = Host({}).run(job, front)

    left = Path(done.stdout.strip())
    assert done.returncode == -9
    assert left.name.startswith("pip-unpack-")
    assert left.parent.name.startswith("envc-pip-tools-")
    assert not left.parent.exists()
