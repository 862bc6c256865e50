"""Every event of every producer; importing this package fills the catalogue."""

from contracts.events import chassis, registry

__all__ = ["chassis", "registry"]
