"""Every subject and name on NATS is spelt here and nowhere else.

Event subjects themselves come from the catalogue (``Entry.subject``):
``<tree>.<site>.<service>.<aggregate>.<event>.v<N>``.
"""

from __future__ import annotations

from typing import Literal

Tree = Literal["loc", "up", "down"]
"""Inside a site, from a site to the hub, from the hub to a site: three, so that no two streams overlap."""


def stream(tree: str, service: str) -> str:
    """The stream that keeps what one service says on one tree, e.g. ``loc-registry``."""
    return f"{tree}-{service}"


def stream_subjects(tree: str, service: str) -> str:
    """What that stream takes: of every site, because the others are tenants of the national one."""
    return f"{tree}.*.{service}.>"


def own_events(tree: str, site: str, service: str) -> str:
    """All that one service of one site may say on a tree."""
    return f"{tree}.{site}.{service}.>"


def durable(follower: str, producer: str) -> str:
    """The consumer through which one service follows another's log, e.g. ``scoring-follows-registry``."""
    return f"{follower}-follows-{producer}"


def beacon(site: str, service: str) -> str:
    """Where a log's producer says every few seconds how far it is: epoch, published seq, hash."""
    return f"beacon.{site}.{service}"


def mark(site: str, service: str) -> str:
    """Where a follower says how far it has committed what it follows."""
    return f"mark.{site}.{service}"


def wake(site: str, service: str) -> str:
    """An empty message after each commit wakes the relay of that database."""
    return f"wake.{site}.{service}"


def log_read(site: str, service: str) -> str:
    """Requests for pages of a service's own log."""
    return f"log.{site}.{service}.read"


def log_held(site: str, service: str, holder: str) -> str:
    """Requests for pages of a service's log as ``holder``, who follows it, has received it."""
    return f"log.{site}.{service}.held.{holder}"


def clock(site: str) -> str:
    """The instant at which a demo stands; only databases marked ``demo`` listen."""
    return f"clock.{site}"


def inbox(user: str) -> str:
    """Prefix of one user's answers: nobody can listen to another's."""
    return f"_INBOX_{user}"
