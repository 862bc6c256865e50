"""Where a service's log goes besides its own site, and where the logs come from that it follows of other sites."""

from __future__ import annotations

from dataclasses import dataclass

from chassis import subjects
from chassis.facts import Stored
from chassis.projection import Projection
from chassis.runtime import Runtime
from chassis.topology import Following, following_above, following_below
from chassis.withheld import Veil, veil_for


def _as_it_is(event: Stored) -> Stored:
    return event


@dataclass(frozen=True)
class Destination:
    """A tree on which the own log is relayed, each with a cursor of its own."""

    tree: str
    domain: str | None
    """JetStream domain of its stream: an acknowledgement from another one does not count."""
    veil: Veil = _as_it_is

    @property
    def away(self) -> bool:
        return self.tree != subjects.LOCAL


def destinations(runtime: Runtime) -> list[Destination]:
    """The own site first; then the site above, to which all goes whole; then those below, to which some is withheld.

    The hub keeps the streams of both, so a site that is cut off keeps nothing for others but its own log.
    """
    settings, service = runtime.settings, runtime.service
    found = [Destination(subjects.LOCAL, settings.domain or None)]
    if settings.above:
        found.append(Destination(subjects.up(settings.site), settings.above))
    if service.shows is not None:
        found += [
            Destination(subjects.down(site), settings.domain or None, veil_for(service, scopes))
            for site, scopes in settings.below.items()
        ]
    return found


def following(runtime: Runtime, projection: Projection) -> Following:
    """The consumer through which a followed log comes."""
    settings, service = runtime.settings, runtime.service.name
    if projection.site is None:
        stream = subjects.stream(subjects.LOCAL, projection.log)
        return Following(service, projection.log, stream, subjects.durable(service, projection.log))
    if projection.site == settings.above:
        return following_above(settings.site, service, settings.above)
    return following_below(projection.site, service)


def reader(runtime: Runtime, log: str) -> str:
    """As whom pages of a log are asked for: a site below names itself to the one above."""
    settings = runtime.settings
    return settings.site if settings.above and log.startswith(f"{settings.above}.") else ""


def other_sites(runtime: Runtime) -> list[str]:
    """Sites whose beacons and marks, those of the namesake alone, are heard here."""
    settings = runtime.settings
    return [site for site in (settings.above, *settings.below) if site]


def scopes_of(runtime: Runtime, site: str) -> frozenset[str]:
    """The scopes for which an event of another site counts here: those that the site below, it or this one, serves."""
    settings = runtime.settings
    return frozenset(settings.serves if site == settings.above else settings.below.get(site, ()))


def centre_of(runtime: Runtime) -> str:
    """The site whose databases make a receipt read *at the centre*."""
    return runtime.settings.above or runtime.settings.site
