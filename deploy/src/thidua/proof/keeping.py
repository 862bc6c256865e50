"""Makes checkpoints of a running site, keeps each in its folder, and brings them to a body outside by webhook."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import httpx
import nats.errors

from thidua.local.addresses import Addresses
from thidua.local.folders import write_private
from thidua.local.topologies import topology_of
from thidua.proof.checkpoints import Checkpoint, NotGenuine, key_id, shown, signed
from thidua.proof.heads import as_ops, state_of
from thidua.proof.keys import KeyUnusable, key_files, private_key

URL_SETTING = "THIDUA_CHECKPOINT_URL"
"""An address outside that gets each bundle by POST; unset: none."""
HOURS_SETTING = "THIDUA_CHECKPOINT_HOURS"
"""How often `make up` makes a checkpoint; 24 unless set."""
LOOK_SECONDS = 60.0
PATIENCE = 10.0
ATTEMPTS = 4


class NotTaken(Exception):
    """The body outside did not take a bundle; the text says why."""


async def make(folder: Path, where: Addresses) -> Path:
    """Sign where every log stands now; the file in ``<folder>/checkpoints``. Raises nats' Error when any is silent."""
    topology = topology_of(where)
    key = private_key(key_files(folder)[0])
    async with as_ops(folder, where) as client:
        logs = {f"{where.site}.{name}": await state_of(client, topology, name) for name in topology.services}
    made = datetime.now(timezone.utc).replace(microsecond=0)
    checkpoint = Checkpoint(where.site, made, key_id(key.public_key()), logs)
    path = kept_in(folder) / f"{made:%Y%m%dT%H%M%SZ}.json"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    write_private(path, signed(checkpoint, key).decode())
    return path


def kept_in(folder: Path) -> Path:
    """Where a site keeps its checkpoints."""
    return folder / "checkpoints"


def bundles(folder: Path) -> list[Path]:
    """All that are kept, oldest first."""
    return sorted(kept_in(folder).glob("*.json"))


async def post(bundle: Path, url: str, *, attempts: int = ATTEMPTS, pause: float = 1.0) -> None:
    """Bring one bundle to a body outside and note that it was taken. Raises NotTaken after the last attempt."""
    content = await asyncio.to_thread(bundle.read_bytes)
    async with httpx.AsyncClient(timeout=PATIENCE) as http:
        for attempt in range(1, attempts + 1):
            try:
                answer = await http.post(url, content=content, headers={"Content-Type": "application/json"})
                if answer.is_success:
                    taken_note(bundle).touch()
                    return
                why = f"{answer.status_code} {answer.reason_phrase}"
            except httpx.HTTPError as error:
                why = f"{type(error).__name__}: {error}"
            if attempt < attempts:
                await asyncio.sleep(pause * 2 ** (attempt - 1))
    raise NotTaken(f"{url} không nhận checkpoint {bundle.name}: {why}")


def taken_note(bundle: Path) -> Path:
    """Stands beside a bundle that the body outside has taken."""
    return bundle.with_suffix(".taken")


async def regularly(folder: Path, where: Addresses, tell: Callable[[str], None]) -> None:
    """Endless: a checkpoint whenever the last is old enough, and whatever the body outside has not taken yet."""
    every, url = timedelta(hours=float(os.environ.get(HOURS_SETTING, "24"))), os.environ.get(URL_SETTING)
    while True:
        try:
            if _due(folder, every):
                await make(folder, where)
            for bundle in bundles(folder) if url else []:
                if url and not taken_note(bundle).exists():
                    await post(bundle, url)
        except (nats.errors.Error, OSError, ValueError, KeyUnusable, NotGenuine, NotTaken) as error:
            tell(f"Checkpoint: {error}; sẽ thử lại.")
        await asyncio.sleep(LOOK_SECONDS)


def _due(folder: Path, every: timedelta) -> bool:
    there = bundles(folder)
    return not there or datetime.now(timezone.utc) - shown(there[-1].read_bytes()).made >= every
