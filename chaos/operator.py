"""What an operator does by hand: the commands of `thidua`, run as anybody would run them."""

from __future__ import annotations

import asyncio
import time

from thidua.cli.main import app
from thidua.demo.stage import OPERATOR
from typer.testing import CliRunner

from chaos.world import World


class CommandFailed(Exception):
    """`thidua` ended with an error; the text shows all that it said."""


_one_at_a_time = asyncio.Lock()


async def thidua(world: World, *words: str, patience: float = 60) -> str:
    """Run one command against the site and return what it printed. Raises CommandFailed.

    In a thread of this process: what is tried is not how long a new one takes to start.
    """
    environment = {
        "THIDUA_DATA": str(world.site.folder.parent),
        "THIDUA_TOKEN": await world.api.token(OPERATOR),
        "COLUMNS": "200",
    }
    async with _one_at_a_time:
        try:
            async with asyncio.timeout(patience):
                done = await asyncio.to_thread(CliRunner().invoke, app, words, env=environment)
        except TimeoutError:
            raise CommandFailed(f"thidua {' '.join(words)}: nothing within {patience:g} s") from None
    if done.exit_code != 0:
        raise CommandFailed(f"thidua {' '.join(words)} → {done.exit_code}\n{done.output}\n{done.exception or ''}")
    return done.output


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
