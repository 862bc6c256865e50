"""The topology of NATS as data: which streams and consumers there are, who follows whom, who the users are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import yaml
from nats.js import api
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from chassis import subjects

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*$")]
"""A service, a site or a user: letters and digits only, so that it is one token of a subject."""

OPS = "ops"
PLAYER = "player"


class Described(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class StreamSettings(Described):
    """How every stream keeps what it gets. JetStream is a courier: the logs in PostgreSQL are the record."""

    max_age_days: Annotated[int, Field(ge=30, le=90)] = 60
    """Longer cut-offs than this are made good from the producer's log."""
    max_bytes: Annotated[int, Field(ge=1024 * 1024)] = 1024**3
    """When full, new events are refused and wait in their log; nothing old is dropped for them."""
    replicas: Annotated[int, Field(ge=1, le=5)] = 1
    duplicate_window_seconds: Annotated[int, Field(ge=1)] = 5
    """An event sent twice within it is kept once. A relay sends again after two seconds; what comes later than the
    window stands in the stream twice, and followers know it. The server keeps every id of the window in memory: of two
    minutes at full speed a third of a gigabyte."""


class ConsumerSettings(Described):
    """How every follower is served."""

    ack_wait_seconds: Annotated[int, Field(ge=5)] = 30
    """A batch that was not acknowledged comes again after this."""
    max_ack_pending: Annotated[int, Field(ge=1000)] = 8000
    """Several batches, so that one that takes long does not stop delivery to a copy that took over."""


class ServiceLinks(Described):
    """One service and the logs that it follows."""

    follows: tuple[Name, ...] = ()


class SiteLink(Described):
    """What travels between the hub and one site below that has a server of its own."""

    serves: tuple[str, ...] = ()
    """Scopes that the site is home to: for them it may speak, and what concerns them it may see."""
    up: tuple[Name, ...] = ()
    """Services of the site whose logs go to their namesakes at the hub."""
    down: tuple[Name, ...] = ()
    """Services of the hub whose logs go to their namesakes at the site."""


@dataclass(frozen=True)
class Following:
    """One consumer: who follows whom, on which stream, under which name."""

    follower: str
    producer: str
    stream: str
    durable: str
    domain: str | None = None
    """JetStream domain in which the stream lies; None: that of the server which is asked."""

    @property
    def api(self) -> str:
        return f"$JS.{self.domain}.API" if self.domain else "$JS.API"


def following_below(site: str, service: str) -> Following:
    """The consumer through which a service of the hub follows its namesake at a site below."""
    durable = subjects.durable(service, f"{site}-{service}")
    return Following(service, service, subjects.stream(subjects.up(site), service), durable)


def following_above(site: str, service: str, domain: str | None = None) -> Following:
    """The consumer, in the hub's ``domain``, through which a service of a site below follows its namesake there."""
    follower = f"{site}-{service}"
    durable = subjects.durable(follower, service)
    return Following(follower, service, subjects.stream(subjects.down(site), service), durable, domain)


class Topology(Described):
    """The NATS server of one site."""

    site: Name
    domain: Name | None = None
    """JetStream domain of the server; a PubAck from another one does not count."""
    trees: Annotated[tuple[subjects.Tree, ...], Field(min_length=1)] = ("loc",)
    """Trees on which all services speak; those of the links to other sites come with ``links``."""
    above: Name | None = None
    """The hub, for a site below one."""
    links: dict[Name, SiteLink] = {}
    """By site below: at the hub all of them, at a site below its own. Their streams are kept by the hub."""
    services: dict[Name, ServiceLinks]
    streams: StreamSettings = StreamSettings()
    consumers: ConsumerSettings = ConsumerSettings()

    @model_validator(mode="after")
    def _known(self) -> Self:
        for name, links in self.services.items():
            for producer in links.follows:
                if producer not in self.services:
                    raise ValueError(f"{name} follows {producer}, which is no service of this topology")
                if producer == name:
                    raise ValueError(f"{name} follows itself")
            if len(set(links.follows)) != len(links.follows):
                raise ValueError(f"{name} follows a log twice")
        if taken := {OPS, PLAYER} & self.services.keys():
            raise ValueError(f"{', '.join(sorted(taken))}: kept for users that are no services")
        return self

    @property
    def hub_of(self) -> dict[str, SiteLink]:
        """The links whose streams this server keeps."""
        return {} if self.above else self.links

    @classmethod
    def load(cls, path: Path) -> Topology:
        """Read a topology file (YAML). Raises ValidationError naming the line's field and the reason."""
        return cls.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))

    @property
    def users(self) -> tuple[str, ...]:
        """Every NATS user: one a service, the two that are none, and at a hub the servers of the sites below."""
        return (*self.services, OPS, PLAYER, *(subjects.leaf(site) for site in self.hub_of))

    @property
    def inbox_site(self) -> str:
        """What stands before the user in inboxes of this site: nothing at a hub."""
        return self.site if self.above else ""

    def kept(self) -> list[tuple[str, str]]:
        """Tree and service of every stream on this server."""
        crossing = [
            (tree(site), service)
            for site, link in self.hub_of.items()
            for tree, services in ((subjects.up, link.up), (subjects.down, link.down))
            for service in services
        ]
        return [(tree, service) for tree in self.trees for service in self.services] + crossing

    def followings(self) -> list[Following]:
        """Every consumer that there has to be on this server."""
        within = [
            Following(follower, producer, subjects.stream(tree, producer), subjects.durable(follower, producer))
            for tree in self.trees
            for follower, links in self.services.items()
            for producer in links.follows
        ]
        for site, link in self.hub_of.items():
            within += [following_below(site, service) for service in link.up]
            within += [following_above(site, service) for service in link.down]
        return within

    def followers_of(self, producer: str) -> list[str]:
        """Who holds the log of a service whole: followers of this site, and the namesake at the hub."""
        within = [name for name, links in self.services.items() if producer in links.follows]
        goes_up = self.above is not None and producer in self.links[self.site].up
        return [*within, producer] if goes_up else within


def stream_configs(topology: Topology) -> dict[str, api.StreamConfig]:
    """Every stream by name, one per service and tree: on file, nothing deleted, nothing dropped for the new."""
    kept = topology.streams
    return {
        subjects.stream(tree, service): api.StreamConfig(
            name=subjects.stream(tree, service),
            subjects=[subjects.stream_subjects(tree, service)],
            retention=api.RetentionPolicy.LIMITS,
            storage=api.StorageType.FILE,
            discard=api.DiscardPolicy.NEW,
            max_age=kept.max_age_days * 86400,
            max_bytes=kept.max_bytes,
            num_replicas=kept.replicas,
            duplicate_window=kept.duplicate_window_seconds,
            deny_delete=True,
            deny_purge=True,
        )
        for tree, service in topology.kept()
    }


def consumer_config(
    settings: ConsumerSettings, durable: str, deliver: api.DeliverPolicy = api.DeliverPolicy.ALL
) -> api.ConsumerConfig:
    """A durable pull consumer of a whole stream; one acknowledgement covers all that came before it.

    ``deliver`` is ``all`` on first creation and ``new`` when it is made again: what lies between
    comes from the log.
    """
    return api.ConsumerConfig(
        name=durable,
        durable_name=durable,
        deliver_policy=deliver,
        ack_policy=api.AckPolicy.ALL,
        ack_wait=settings.ack_wait_seconds,
        max_deliver=-1,
        max_ack_pending=settings.max_ack_pending,
        replay_policy=api.ReplayPolicy.INSTANT,
    )
