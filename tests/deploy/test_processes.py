"""Child processes: none is left behind, whoever dies first, and a death is told with the end of the log."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest
from thidua.local.processes import Child, ChildDied, NotReady, first_death

from tests.support.processes import descendants, processes_of

DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("here", flush=True)
time.sleep(600)
"""
FAMILY = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", {!r}])
print("here", flush=True)
time.sleep(600)
"""
PARENT = """
import asyncio, sys
from pathlib import Path
from thidua.local.processes import Child

async def main():
    sleeps = [sys.executable, "-c", "import time; time.sleep(600)"]
    child = await Child.start("child", sleeps, log=Path(sys.argv[1]))
    print(child.pid, flush=True)
    await child.process.wait()

asyncio.run(main())
"""


async def test_a_death_is_told_with_the_name_the_signal_and_the_end_of_the_log(tmp_path: Path) -> None:
    child = await _start(tmp_path, "print('Không mở được cơ sở dữ liệu'); raise SystemExit(3)")
    died = await asyncio.wait_for(first_death([child]), 10)
    assert "scoring ended by itself (exit code 3)" in str(died)
    assert "Không mở được cơ sở dữ liệu" in str(died)

    other = await _start(tmp_path, DEAF)
    os.kill(other.pid, signal.SIGKILL)
    assert "SIGKILL" in str(await asyncio.wait_for(first_death([other]), 10))


async def test_the_traceback_in_a_structured_line_is_shown_in_lines(tmp_path: Path) -> None:
    program = """
import json, sys
print(json.dumps({"level": "error", "message": "Traceback:\\n  nơi hỏng\\nRuntimeError"}))
sys.exit(1)
"""
    child = await _start(tmp_path, program)
    assert "Traceback:\n  nơi hỏng\nRuntimeError" in str(await asyncio.wait_for(first_death([child]), 10))


async def test_waiting_for_readiness_ends_when_the_process_does(tmp_path: Path) -> None:
    child = await _start(tmp_path, "raise SystemExit('no settings')")
    with pytest.raises(ChildDied, match="no settings"):
        await child.ready(_never, within=60)


async def test_a_process_that_never_gets_ready_is_named(tmp_path: Path) -> None:
    child = await _start(tmp_path, DEAF)
    await child.ready(_said(child, "here"))
    with pytest.raises(NotReady, match=r"scoring was not ready within 0\.1 s"):
        await child.ready(_never, within=0.1)
    await child.stop(patience=0.1)


async def test_a_process_deaf_to_the_polite_signal_is_killed_after_the_bound(tmp_path: Path) -> None:
    child = await _start(tmp_path, DEAF)
    await child.ready(_said(child, "here"))
    await child.stop(patience=0.2)
    assert child.process.returncode == -signal.SIGKILL


async def test_what_a_process_started_itself_ends_with_it(tmp_path: Path) -> None:
    child = await _start(tmp_path, FAMILY.format(DEAF))
    await child.ready(_said(child, "here\nhere"))
    grandchildren = descendants(child.pid)
    assert len(grandchildren) == 1
    await child.stop()
    assert processes_of([child.pid, *grandchildren]) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's death signal is Linux's")
async def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(tmp_path / "log"), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    pid = int(await asyncio.wait_for(parent.stdout.readline(), 20))
    orphan = psutil.Process(pid)
    parent.kill()
    await parent.wait()
    _, running = psutil.wait_procs([orphan], timeout=10)
    assert running == []


async def _start(folder: Path, program: str) -> Child:
    return await Child.start("scoring", [sys.executable, "-c", program], log=folder / "scoring.log")


async def _never() -> bool:
    return False


def _said(child: Child, words: str):
    async def probe() -> bool:
        return words in child.log.read_text(encoding="utf-8")

    return probe
