"""What each NATS user may publish and hear, to the subject: nobody can speak in another's name."""

from __future__ import annotations

from dataclasses import dataclass

from chassis import subjects
from chassis.topology import OPS, PLAYER, Following, Topology


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
        f"{subjects.inbox(name)}.>",
        subjects.beacon(site, "*"),
        subjects.mark(site, "*"),
        subjects.wake(site, name),
        subjects.log_read(site, name),
        *(subjects.log_held(site, producer, name) for producer in follows),
        subjects.clock(site),
    ]
    return Rights(tuple(publish), tuple(subscribe))


def _pull(following: Following) -> list[str]:
    """A follower's own consumer: pull, look, acknowledge, make it again when it was lost. No other one."""
    consumer = f"{following.stream}.{following.durable}"
    return [
        f"$JS.API.STREAM.INFO.{following.stream}",
        f"$JS.API.CONSUMER.MSG.NEXT.{consumer}",
        f"$JS.API.CONSUMER.INFO.{consumer}",
        f"$JS.API.CONSUMER.CREATE.{consumer}",
        f"$JS.API.CONSUMER.RESET.{consumer}",
        f"$JS.API.CONSUMER.DELETE.{consumer}",
        f"$JS.ACK.{consumer}.>",
        # The newer form of an acknowledgement: domain and account stand before the stream.
        f"$JS.ACK.*.*.{consumer}.>",
    ]


def _ops(topology: Topology) -> Rights:
    """Operations: lay out and look. No event subject, no pull, no deletion of a stream or a message."""
    streams = [subjects.stream(tree, service) for tree in topology.trees for service in topology.services]
    publish = ["$JS.API.INFO", "$JS.API.STREAM.LIST", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.INFO.*"]
    for stream in streams:
        publish += [f"$JS.API.STREAM.CREATE.{stream}", f"$JS.API.STREAM.UPDATE.{stream}"]
        publish += [f"$JS.API.CONSUMER.{verb}.{stream}" for verb in ("LIST", "NAMES")]
        publish += [f"$JS.API.CONSUMER.{verb}.{stream}.*" for verb in ("CREATE", "INFO", "DELETE")]
    # What lies last in a stream is compared with its log; single messages, no consumer.
    publish += [f"$JS.API.STREAM.MSG.GET.{stream}" for stream in streams]
    publish += [subjects.log_read(topology.site, "*"), subjects.log_held(topology.site, "*", "*")]
    heard = [
        f"{subjects.inbox(OPS)}.>",
        subjects.beacon(topology.site, "*"),
        subjects.mark(topology.site, "*"),
    ]
    return Rights(tuple(publish), tuple(heard), allow_responses=False)


def _player(topology: Topology) -> Rights:
    """The player of a demo tells the instant and hears nothing but answers to itself."""
    return Rights((subjects.clock(topology.site),), (f"{subjects.inbox(PLAYER)}.>",), allow_responses=False)
