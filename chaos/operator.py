"""What an operator does by hand: the commands of `thidua`, run as anybody would run them."""

from __future__ import annotations

import asyncio
import os
import sys
import time

from thidua.demo.stage import OPERATOR

from chaos.world import World


class CommandFailed(Exception):
    """`thidua` ended with an error; the text shows all that it said."""


async def thidua(world: World, *words: str, patience: float = 60) -> str:
    """Run one command against the site and return what it printed. Raises CommandFailed."""
    environment = os.environ | {
        "THIDUA_DATA": str(world.site.folder.parent),
        "THIDUA_TOKEN": await world.api.token(OPERATOR),
        "COLUMNS": "200",
    }
    program = [sys.executable, "-c", "from thidua.cli.main import app; app()", *words]
    process = await asyncio.create_subprocess_exec(
        *program, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=environment
    )
    try:
        async with asyncio.timeout(patience):
            said, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise CommandFailed(f"thidua {' '.join(words)}: nothing within {patience:g} s") from None
    text = said.decode()
    if process.returncode != 0:
        raise CommandFailed(f"thidua {' '.join(words)} → {process.returncode}\n{text}")
    return text


async def restore_log(world: World, service: str, within: float = 60) -> str:
    """Bring a gated log up to what others hold, and open it; asked again until all who are asked answer."""
    ends = time.monotonic() + within
    while True:
        try:
            return await thidua(world, "log", "restore", service)
        except CommandFailed:
            if time.monotonic() > ends:
                raise
            await asyncio.sleep(1)


async def keep_branch(world: World, service: str, branch: str) -> str:
    """Say which of two branches of a service's log is kept, by the hash of an event on it."""
    return await thidua(world, "log", "fork", "keep", branch, "--reason", "hỗn loạn có chủ ý", patience=120)
