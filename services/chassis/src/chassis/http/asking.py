"""What an entrypoint is handed: the one who asks, the command with its key and act, or a connection to read with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from contracts.envelope import Act
from contracts.refusal import Refused
from contracts.values import Instant, Means, Paper
from fastapi import Depends, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.datastructures import MutableHeaders

from chassis import auth, log
from chassis.runtime import Runtime
from chassis.work import Answer, Command, Handler, body_hash, etag

_bearer = HTTPBearer(auto_error=False, description="Token from POST /tokens of the registry; lives at most an hour.")


class ActInput(BaseModel):
    """How an act reached us, when it was not typed online by the one whose act it is."""

    model_config = ConfigDict(extra="forbid")

    whose: str | None = Field(None, pattern=r"^(unit|person):[a-z0-9][a-z0-9-]{1,63}$", examples=["unit:ldld-son-la"])
    means: Means = Means.ONLINE
    made: Instant | None = Field(None, description="When the paper was signed or the word was given.")
    received: Instant | None = Field(None, description="When it was received; deadlines are judged by it.")
    paper: Paper | None = None
    acting_as: str | None = Field(None, max_length=200, description="Office in which the typist acts.")


class Write(BaseModel):
    """Base of every body that changes something. Unknown fields are refused: a misspelt one is not lost silently."""

    model_config = ConfigDict(extra="forbid")

    act: ActInput | None = None


class Receipt(BaseModel):
    """Proof of acceptance: the range in the log and the hash of its last event."""

    log: str
    epoch: int
    first_seq: int
    last_seq: int
    hash: str
    href: str = Field(description="Where to ask how safe it is: *here only* or *at the centre*.")


class EventName(BaseModel):
    id: str = Field(description="`<log>:<epoch>:<seq>`")
    type: str


class Accepted(BaseModel):
    """The answer of every write, built from the facts that were recorded."""

    subject: str
    id: str
    etag: str
    receipt: Receipt
    events: list[EventName]

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "subject": "report:bc-2024-cao-bang",
                    "id": "bc-2024-cao-bang",
                    "etag": '"118"',
                    "receipt": {
                        "log": "vn.registry",
                        "epoch": 1,
                        "first_seq": 118,
                        "last_seq": 118,
                        "hash": "9f2c…",
                        "href": "/receipts/vn.registry/1/118",
                    },
                    "events": [{"id": "vn.registry:1:118", "type": "registry.report-submitted.v1"}],
                }
            ]
        }
    )

    @classmethod
    def of(cls, answer: Answer) -> Accepted:
        span = answer.span
        return cls(
            subject=answer.subject,
            id=answer.subject.partition(":")[2],
            etag=etag(answer.version),
            receipt=Receipt(
                log=span.log,
                epoch=span.epoch,
                first_seq=span.first_seq,
                last_seq=span.last_seq,
                hash=span.hash.hex(),
                href=f"/receipts/{span.log}/{span.epoch}/{span.last_seq}",
            ),
            events=[EventName(id=key, type=name) for key, name in answer.events],
        )


def runtime_of(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


async def caller(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> auth.Caller:
    """Who asks, from the bearer token. Raises Refused ``token-missing``, ``token-invalid``, ``token-expired``."""
    if credentials is None:
        raise Refused("token-missing")
    return caller_of(request, credentials.credentials)


def caller_of(request: Request, token: str) -> auth.Caller:
    """Who a token speaks for. Raises Refused ``token-invalid``, ``token-expired``."""
    runtime = runtime_of(request)
    return auth.check(token, site=runtime.settings.site, public_key=runtime.public_key)


Called = Annotated[auth.Caller, Depends(caller)]


@dataclass
class AskedRequest:
    """A write as it reached us whole: perform it with a handler."""

    request: Request
    headers: MutableHeaders | dict[str, str]
    """Those of the answer."""
    caller: auth.Caller
    key: str
    body_hash: str
    act: Act
    if_match: str | None
    runtime: Runtime

    @property
    def person(self) -> str | None:
        return self.caller.person

    async def perform(self, handler: Handler, *args: Any) -> Accepted:
        """Run a handler as one unit of work and answer with what was recorded."""
        route = self.request.scope["route"]
        command = Command(
            scope=f"{self.caller.subject} {self.request.method} {self.request.scope['path']}",
            key=self.key,
            body_hash=self.body_hash,
            act=self.act,
            person=self.caller.person,
            causation=f"command:{self.key}",
            if_match=self.if_match,
            status=route.status_code or 200,
        )
        with self.runtime.changes.coming():
            answer = await self.runtime.performer.perform(command, handler, *args)
        assert answer is not None
        accepted = Accepted.of(answer)
        self.headers["ETag"] = accepted.etag
        kind, _, name = answer.subject.partition(":")
        if kind in self.runtime.locate:
            self.headers["Location"] = self.runtime.locate[kind].format(id=name)
        if answer.repeated:
            self.headers["Idempotency-Replayed"] = "true"
        return accepted


async def asked(
    request: Request,
    response: Response,
    who: Called,
    idempotency_key: Annotated[
        str | None, Header(min_length=8, max_length=200, description="The same key and body are done once.")
    ] = None,
    if_match: Annotated[str | None, Header(description="ETag of the version being changed.")] = None,
) -> AskedRequest:
    if idempotency_key is None:
        raise Refused("idempotency-key-missing")
    body = await request.body()
    act = await _act_input(request, body)
    return as_asked(request, response.headers, who, idempotency_key, if_match, body, act)


def as_asked(
    request: Request,
    headers: MutableHeaders | dict[str, str],
    who: auth.Caller,
    key: str,
    if_match: str | None,
    body: bytes,
    act: ActInput | None,
) -> AskedRequest:
    """A write whose whole body has been read: this is the instant at which it was received.

    Raises Refused ``log-not-opened``, ``received-is-now``, ``dates-in-disorder``.
    """
    runtime = runtime_of(request)
    runtime.gate.let_write(runtime.log)
    told = _act(act, who, runtime.clock.now())
    return AskedRequest(request, headers, who, key, body_hash(body), told, if_match, runtime)


Asked = Annotated[AskedRequest, Depends(asked)]


async def _act_input(request: Request, body: bytes) -> ActInput | None:
    if not body:
        return None
    content = await request.json()
    given = content.get("act") if isinstance(content, dict) else None
    try:
        return ActInput.model_validate(given) if given is not None else None
    except ValidationError as error:
        found = [{**one, "loc": ("body", "act", *one["loc"])} for one in error.errors()]
        raise RequestValidationError(found) from error


def _act(given: ActInput | None, who: auth.Caller, now: datetime) -> Act:
    if given is None:
        return Act(whose=who.subject, typed_by=who.subject, made=now, received=now, recorded=now)
    if given.means is Means.ONLINE and (given.received is not None or given.made is not None):
        raise Refused("received-is-now")
    received = given.received or now
    made = given.made or received
    if not made <= received <= now:
        raise Refused(
            "dates-in-disorder",
            made=made.isoformat(),
            received=received.isoformat(),
            recorded=now.isoformat(),
        )
    return Act(
        whose=given.whose or who.subject,
        typed_by=who.subject,
        acting_as=given.acting_as,
        means=given.means,
        made=made,
        received=received,
        recorded=now,
        paper=given.paper,
    )


@dataclass
class ReadingRequest:
    """A read: a connection on which each statement stands alone, who asks, and the clock's instant."""

    db: AsyncConnection
    caller: auth.Caller
    now: datetime
    response: Response
    runtime: Runtime

    @property
    def person(self) -> str | None:
        return self.caller.person

    async def version(self, subject: str) -> int:
        return await log.version(self.db, subject)

    def etag(self, version: int) -> None:
        """Tell the reader which version was read; sent back as If-Match when changing it."""
        self.response.headers["ETag"] = etag(version)


async def reading(request: Request, response: Response, who: Called) -> AsyncIterator[ReadingRequest]:
    runtime = runtime_of(request)
    async with runtime.alone.connect() as db:
        yield ReadingRequest(db, who, runtime.clock.now(), response, runtime)


Reading = Annotated[ReadingRequest, Depends(reading)]
