"""What each NATS user may publish and hear, to the subject: nobody can speak in another's name."""

from __future__ import annotations

from dataclasses import dataclass

from chassis import subjects
from chassis.topology import OPS, PLAYER, Following, Topology, following_above


@dataclass(frozen=True)
class Rights:
    """Exact permissions of one user, subjects as NATS writes them.

    ``allow_responses``: may answer a request on the reply subject that it named.
    """

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    allow_responses: bool = True


def rights(topology: Topology, user: str) -> Rights:
    """The permissions of a user of this topology. KeyError for anybody else."""
    if user == OPS:
        return _ops(topology)
    if user == PLAYER:
        return _player(topology)
    for site in topology.hub_of:
        if user == subjects.leaf(site):
            return _leaf(topology, site)
    return _service(topology, user)


def all_rights(topology: Topology) -> dict[str, Rights]:
    """Every user of the server, ready to be written into its configuration."""
    return {user: rights(topology, user) for user in topology.users}


def _service(topology: Topology, name: str) -> Rights:
    site = topology.site
    follows = topology.services[name].follows
    own_streams = [subjects.stream(tree, name) for tree in topology.trees]
    publish = [subjects.own_events(tree, site, name) for tree in topology.trees]
    publish += [subjects.beacon(site, name), subjects.mark(site, name), subjects.wake(site, name)]
    # Relay and gate look how much of the log the own stream holds.
    publish += [f"$JS.API.STREAM.{verb}.{stream}" for stream in own_streams for verb in ("INFO", "MSG.GET")]
    for following in topology.followings():
        if following.follower == name:
            publish += _pull(following)
    for producer in follows:
        publish.append(subjects.log_read(site, producer))
        publish += [
            subjects.log_held(site, producer, holder) for holder in topology.followers_of(producer) if holder != name
        ]
    # A producer restored from a backup gets the end of its own log from those who received it.
    publish += [subjects.log_held(site, name, holder) for holder in topology.followers_of(name)]
    subscribe = [
        f"{subjects.inbox(name, topology.inbox_site)}.>",
        subjects.beacon(site, "*"),
        subjects.mark(site, "*"),
        subjects.wake(site, name),
        subjects.log_read(site, name),
        *(subjects.log_held(site, producer, name) for producer in follows),
        subjects.clock(site),
    ]
    towards = _towards_hub if topology.above else _towards_site
    for below, link in topology.links.items():
        said, heard = towards(topology, below, name)
        if name in link.up or name in link.down:
            publish += said
            subscribe += heard
    return Rights(tuple(publish), tuple(subscribe))


def _towards_site(topology: Topology, below: str, name: str) -> tuple[list[str], list[str]]:
    """What a service of the hub may do because its namesake at a site below follows it, or is followed by it."""
    link, tree = topology.links[below], subjects.down(below)
    said: list[str] = []
    heard = [subjects.beacon(below, name), subjects.mark(below, name)]
    if name in link.up:
        said.append(subjects.log_read(below, name))
        heard.append(subjects.log_held(below, name, name))
    if name in link.down:
        said += [subjects.own_events(tree, topology.site, name), *_look(subjects.stream(tree, name))]
        heard.append(subjects.log_read(topology.site, name, below))
    return said, heard


def _towards_hub(topology: Topology, site: str, name: str) -> tuple[list[str], list[str]]:
    """The same seen from a site below. Its streams are the hub's, in the hub's domain."""
    link, hub, tree = topology.links[site], str(topology.above), subjects.up(site)
    said, heard = [], [subjects.beacon(hub, name), subjects.mark(hub, name)]
    if name in link.up:
        said += [subjects.own_events(tree, site, name), *_look(subjects.stream(tree, name), hub)]
    if name in link.down:
        said += [subjects.log_read(hub, name, site), *_pull(following_above(site, name, hub))]
    return said, heard


def _leaf(topology: Topology, site: str) -> Rights:
    """What may pass from the server of a site below into the hub, and back: what its services may say and hear there.

    Nothing of the tree ``loc`` passes, so that no stream here takes, and acknowledges, what was said inside the site.
    """
    link, hub = topology.links[site], topology.site
    publish, subscribe = [], [f"_INBOX_{site}.>"]
    for name in dict.fromkeys((*link.up, *link.down)):
        publish += [subjects.beacon(site, name), subjects.mark(site, name)]
        subscribe += [subjects.beacon(hub, name), subjects.mark(hub, name)]
    for name in link.up:
        tree = subjects.up(site)
        publish += [subjects.own_events(tree, site, name), *_look(subjects.stream(tree, name), hub)]
        publish.append(subjects.log_held(site, name, name))
        # Its answers to requests for pages; a server cannot limit them to requests that were made.
        publish.append(f"{subjects.inbox(name)}.>")
        subscribe.append(subjects.log_read(site, name))
    for name in link.down:
        publish += [subjects.log_read(hub, name, site), *_pull(following_above(site, name, hub))]
    return Rights(tuple(dict.fromkeys(publish)), tuple(subscribe), allow_responses=False)


def _look(stream: str, domain: str | None = None) -> list[str]:
    """A relay looks at its stream."""
    api = f"$JS.{domain}.API" if domain else "$JS.API"
    return [f"{api}.STREAM.{verb}.{stream}" for verb in ("INFO", "MSG.GET")]


def _pull(following: Following) -> list[str]:
    """A follower's own consumer: pull, look, acknowledge, make it again when it was lost. No other one."""
    consumer = f"{following.stream}.{following.durable}"
    return [
        f"{following.api}.STREAM.INFO.{following.stream}",
        f"{following.api}.CONSUMER.MSG.NEXT.{consumer}",
        f"{following.api}.CONSUMER.INFO.{consumer}",
        f"{following.api}.CONSUMER.CREATE.{consumer}",
        f"{following.api}.CONSUMER.RESET.{consumer}",
        f"{following.api}.CONSUMER.DELETE.{consumer}",
        f"$JS.ACK.{consumer}.>",
        # The newer form of an acknowledgement: domain and account stand before the stream.
        f"$JS.ACK.*.*.{consumer}.>",
    ]


def _ops(topology: Topology) -> Rights:
    """Operations: lay out and look. No event subject, no pull, no deletion of a stream or a message."""
    streams = [subjects.stream(tree, service) for tree, service in topology.kept()]
    publish = ["$JS.API.INFO", "$JS.API.STREAM.LIST", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.INFO.*"]
    for stream in streams:
        publish += [f"$JS.API.STREAM.CREATE.{stream}", f"$JS.API.STREAM.UPDATE.{stream}"]
        publish += [f"$JS.API.CONSUMER.{verb}.{stream}" for verb in ("LIST", "NAMES")]
        publish += [f"$JS.API.CONSUMER.{verb}.{stream}.*" for verb in ("CREATE", "INFO", "DELETE")]
    # What lies last in a stream is compared with its log; single messages, no consumer.
    publish += [f"$JS.API.STREAM.MSG.GET.{stream}" for stream in streams]
    publish += [subjects.log_read(topology.site, "*"), subjects.log_held(topology.site, "*", "*")]
    heard = [
        f"{subjects.inbox(OPS, topology.inbox_site)}.>",
        subjects.beacon(topology.site, "*"),
        subjects.mark(topology.site, "*"),
    ]
    return Rights(tuple(publish), tuple(heard), allow_responses=False)


def _player(topology: Topology) -> Rights:
    """The player of a demo tells the instant and hears nothing but answers to itself."""
    return Rights(
        (subjects.clock(topology.site),), (f"{subjects.inbox(PLAYER, topology.inbox_site)}.>",), allow_responses=False
    )
