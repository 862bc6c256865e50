"""The HTTP base: problem details, idempotency, ETags, paging, limits. Entrypoints of services stay thin."""

from chassis.http.asking import Accepted, ActInput, Asked, Reading, ReadingRequest, Write
from chassis.http.paging import Page, Paging
from chassis.http.problems import Messages, Problem
from chassis.http.routes import Routes

__all__ = [
    "Accepted",
    "ActInput",
    "Asked",
    "Messages",
    "Page",
    "Paging",
    "Problem",
    "Reading",
    "ReadingRequest",
    "Routes",
    "Write",
]
