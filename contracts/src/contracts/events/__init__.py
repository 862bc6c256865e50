"""Every event of every producer; importing this package fills the catalogue."""

from contracts.events import awards, chassis, notify, registry, scoring

__all__ = ["awards", "chassis", "notify", "registry", "scoring"]
