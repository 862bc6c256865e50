"""Events whose content a site below may not see: they travel as two digests, and the chain still verifies.

A header is one line of JSON and never 32 bytes long; where ``Stored.header`` is, it is the digest of the header, and
``data`` that of the data. A follower keeps such an event, moves its mark over it and does nothing else with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import replace

from contracts.events.chassis import EpochOpened

from chassis.facts import Stored, Unreadable, read
from chassis.service import Service
from contracts import catalogue

Veil = Callable[[Stored], Stored]


def veil_for(service: Service, scopes: Collection[str]) -> Veil:
    """What the site that is home to ``scopes`` gets of an event of this service.

    All of it when the catalogue calls it public or the service shows it to that site; else only its digests. What
    today's models cannot read is withheld, too.
    """

    def veil(event: Stored) -> Stored:
        try:
            fact = read(event).data
        except Unreadable:
            return withhold(event)
        if isinstance(fact, EpochOpened) or catalogue.entry(type(fact)).public:
            return event
        return event if service.shows is not None and service.shows(fact, scopes) else withhold(event)

    return veil


def withhold(event: Stored) -> Stored:
    """The event without its content: header and data replaced by their SHA-256, no trace."""
    header, data = hashlib.sha256(event.header).digest(), hashlib.sha256(event.data).digest()
    return replace(event, header=header, data=data, traceparent=None)
