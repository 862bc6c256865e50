"""Who may do and see what: the unit tree and the grants that registry owns, followed by every service.

Put ``SCHEMA`` in the service's first migration, ``TABLES`` among the tables of its registry projection, and call
``feed(projection)``. Handlers ask ``need`` and ``holds``; nobody else reads these tables.
"""

from contracts.events.registry.people import Role

from standing.rights import (
    ancestors,
    holds,
    may_operate,
    need,
    people_holding,
    persons_roles,
    roots,
    under,
    units_of,
)
from standing.tables import SCHEMA, TABLES, UnitRow, feed, unit_name, unit_on, units_on

__all__ = [
    "SCHEMA",
    "TABLES",
    "Role",
    "UnitRow",
    "ancestors",
    "feed",
    "holds",
    "may_operate",
    "need",
    "people_holding",
    "persons_roles",
    "roots",
    "under",
    "unit_name",
    "unit_on",
    "units_of",
    "units_on",
]
