"""What the product's own invariants say of the databases at the end: the client knows only what it was told."""

from __future__ import annotations

from thidua.invariants import Books, check
from thidua.local.site import Site
from thidua.settled import Settled


async def inspect(site: Site, settled: Settled) -> list[str]:
    """Everything wrong with a site at rest, in words: chains, keys, each event applied once, replay equal to the live
    tables; nothing sent here is poison, so nothing may be held or wait, either."""
    wrong = [
        f"{name}: {state['held']} events held, {state['waits']} reactions waiting"
        for name, state in settled.states.items()
        if state["held"] or state["waits"]
    ]
    books = Books(site.topology.site, {name: site.audit(name) for name in site.names}, await site.scratch())
    try:
        return wrong + [f"{one.name}: {text}" for one in await check(books, ()) for text in one.wrong]
    finally:
        await books.close()
