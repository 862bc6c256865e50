"""Every event of every producer; importing this package fills the catalogue."""

from contracts.events import chassis

__all__ = ["chassis"]
