"""A small trace receiver: takes OTLP/HTTP, keeps the last hours, draws one command across all services."""

from thidua.traces.store import Store
from thidua.traces.waterfall import Row, Waterfall, waterfall

__all__ = ["Row", "Store", "Waterfall", "waterfall"]
