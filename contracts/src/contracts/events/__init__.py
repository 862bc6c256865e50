"""Every event of every producer; importing this package fills the catalogue."""

from contracts.events import chassis, registry, scoring

__all__ = ["chassis", "registry", "scoring"]
