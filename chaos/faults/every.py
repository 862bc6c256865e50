"""Every kind of fault there is: the table of contents of a run."""

from __future__ import annotations

from chaos.faults import Kind, kills

EVERY: tuple[Kind, ...] = (*kills.KINDS,)
