"""The promise across a line between two sites: what one recorded the other holds, whole or by its digests, once."""

from __future__ import annotations

from chassis import log as logs
from chassis.facts import Stored
from chassis.topology import SiteLink
from chassis.withheld import veil_for
from sqlalchemy.ext.asyncio import AsyncEngine

from thidua.invariants import PAGE, Books, Finding


async def check_across(hub: Books, below: Books, link: SiteLink) -> Finding:
    """Each log that crosses is held at the other end from the first event to the last, byte for byte, in order.

    What goes up is whole. Of what goes down exactly that is withheld which the site may not see.
    """
    finding = Finding(f"{hub.site} ↔ {below.site}: mỗi sổ qua đường truyền có đủ ở bên kia, đúng thứ tự, đúng băm", "")
    whole = withheld = 0
    for source, target, services in ((below, hub, link.up), (hub, below, link.down)):
        for service in services:
            log = source.log(service)
            veil = veil_for(source.services[service], link.serves) if source is hub else None
            sent = await _read(source.engines[service], log, own=True)
            held = await _read(target.engines[service], log, own=False)
            if [one.seq for one in held] != list(range(1, len(sent) + 1)):
                finding.wrong.append(f"{target.site}.{service} holds {len(held)} of {len(sent)} events of {log}")
                continue
            for one, other in zip(sent, held, strict=True):
                should = veil(one) if veil else one
                if (should.hash, should.header, should.data) != (other.hash, other.header, other.data):
                    finding.wrong.append(f"{other.key} is not what {target.site} may hold of it")
                withheld += other.withheld
            whole += len(held)
    finding.seen = f"{whole} sự kiện, trong đó {withheld} chỉ có băm"
    return finding


async def _read(engine: AsyncEngine, log: str, *, own: bool) -> list[Stored]:
    events: list[Stored] = []
    read = logs.read_page if own else logs.read_received
    async with engine.connect() as db:
        while page := await read(db, log, events[-1].seq if events else 0, PAGE):
            events += page
    return events
