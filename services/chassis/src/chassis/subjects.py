"""Every subject and name on NATS is spelt here and nowhere else.

Event subjects themselves come from the catalogue (``Entry.subject``):
``<tree>.<site>.<service>.<aggregate>.<event>.v<N>``.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

Tree = Annotated[str, StringConstraints(pattern=r"^(loc|(up|down)\.[a-z][a-z0-9]*)$")]
"""``loc`` inside a site, ``up.<site>`` from a site to the hub, ``down.<site>`` from the hub: no streams overlap."""

LOCAL: Tree = "loc"


def up(site: str) -> Tree:
    """The tree on which the logs of a site below travel to the hub."""
    return f"up.{site}"


def down(site: str) -> Tree:
    """The tree on which the hub's logs travel to a site below."""
    return f"down.{site}"


def stream(tree: str, service: str) -> str:
    """The stream that keeps what one service says on one tree, e.g. ``loc-registry``, ``up-caobang-registry``."""
    return f"{tree.replace('.', '-')}-{service}"


def stream_subjects(tree: str, service: str) -> str:
    """What that stream takes: of every site, because the others are tenants of the national one."""
    return f"{tree}.*.{service}.>"


def own_events(tree: str, site: str, service: str) -> str:
    """All that one service of one site may say on a tree."""
    return f"{tree}.{site}.{service}.>"


def withheld(tree: str, site: str, service: str) -> str:
    """An event of which the site that it goes to gets nothing but digests: not even what it is about."""
    return f"{tree}.{site}.{service}.withheld"


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


def log_read(site: str, service: str, reader: str = "") -> str:
    """Requests for pages of a service's own log; ``reader`` is a site below, which gets only what it may see."""
    return f"log.{site}.{service}.read" + (f".{reader}" if reader else "")


def log_held(site: str, service: str, holder: str) -> str:
    """Requests for pages of a service's log as ``holder``, who follows it, has received it."""
    return f"log.{site}.{service}.held.{holder}"


def clock(site: str) -> str:
    """The instant at which a demo stands; only databases marked ``demo`` listen."""
    return f"clock.{site}"


def inbox(user: str, below: str = "") -> str:
    """Prefix of one user's answers: nobody can listen to another's. ``below``: the site, where it lies below a hub."""
    return f"_INBOX_{below}.{user}" if below else f"_INBOX_{user}"


def leaf(site: str) -> str:
    """The user of the hub through whom the server of a site below speaks."""
    return f"leaf-{site}"
