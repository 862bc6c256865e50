"""Every kind of fault there is: the table of contents of a run."""

from __future__ import annotations

from chaos.faults import Kind, branches, couriers, crashes, forks, kills, restores, stops, stores

EVERY: tuple[Kind, ...] = (
    *kills.KINDS,
    *crashes.KINDS,
    *stops.KINDS,
    *stores.KINDS,
    *couriers.KINDS,
    *restores.KINDS,
    *forks.KINDS,
    *branches.KINDS,
)
