"""An armed crash point kills the process outright at the pass named, and leaves word of it."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

PROGRAM = """
import sys, time
from pathlib import Path
from chassis import crash_points
from chassis.crash_points import crash_point, obey

obey(Path(sys.argv[1]))
print("listening", flush=True)
while crash_points._armed is None:
    time.sleep(0.01)
for passed in range(1, 4):
    crash_point("relay.acknowledged")
    print("other point", passed, flush=True)
    crash_point("relay.published")
    print("passed", passed, flush=True)
"""


async def run(file: Path) -> tuple[int | None, list[str]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(file), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"listening\n"
    process.send_signal(signal.SIGUSR1)
    told, _ = await asyncio.wait_for(process.communicate(), 20)
    return process.returncode, told.decode().splitlines()


async def test_the_pass_named_dies_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "crash"
    file.write_text("relay.published 2\n")
    code, said = await run(file)
    assert code == -signal.SIGKILL
    assert said == ["other point 1", "passed 1", "other point 2"]
    assert file.read_text().splitlines()[-1] == "died at relay.published"


async def test_a_point_that_is_not_reached_kills_nobody(tmp_path: Path) -> None:
    file = tmp_path / "crash"
    file.write_text("command.committed\n")
    code, said = await run(file)
    assert (code, said[-1]) == (0, "passed 3")
    assert "died" not in file.read_text()
