"""Writes the own log as others hold it: verbatim, its tables through ``apply``, its keys and versions from the headers.

Only a restore and a decision on branches do this; commands append. Each function is one step of a transaction that
has said ``writing_verbatim``, so that the gate lets it through.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

import sqlalchemy as sa
from contracts.envelope import Header
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import log as logs
from chassis.facts import Recorded, Stored, read
from chassis.positions import Position
from chassis.projection import Projection

PAGE = 1000

_LOG = sa.text(
    "INSERT INTO chassis.log (seq, epoch, prev, hash, type, correlation, header, data, traceparent)"
    " SELECT * FROM unnest(:seqs, :epochs, :prevs, :hashes, :types, :correlations, :headers, :datas, :traceparents)"
).bindparams(
    sa.bindparam("seqs", type_=pg.ARRAY(sa.BigInteger)),
    sa.bindparam("epochs", type_=pg.ARRAY(sa.Integer)),
    *(sa.bindparam(name, type_=pg.ARRAY(pg.BYTEA)) for name in ("prevs", "hashes", "headers", "datas")),
    *(sa.bindparam(name, type_=pg.ARRAY(sa.Text)) for name in ("types", "correlations", "traceparents")),
)
_VERSIONS = sa.text(
    "INSERT INTO chassis.aggregate (subject, epoch, seq)"
    " SELECT s.subject, max(s.epoch), max(s.seq) FROM unnest(:subjects, :epochs, :seqs) AS s(subject, epoch, seq)"
    " GROUP BY s.subject ON CONFLICT (subject) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq"
).bindparams(
    sa.bindparam("subjects", type_=pg.ARRAY(sa.Text)),
    sa.bindparam("epochs", type_=pg.ARRAY(sa.Integer)),
    sa.bindparam("seqs", type_=pg.ARRAY(sa.BigInteger)),
)
# A write that was cut between two pages grows; a key that a voided branch had used before is overwritten.
_KEYS = sa.text(
    "INSERT INTO chassis.idempotency AS i (scope, key, body_hash, status, epoch, first_seq, last_seq)"
    " VALUES (:scope, :key, :body_hash, :status, :epoch, :first, :last) ON CONFLICT (scope, key) DO UPDATE SET"
    " first_seq = CASE WHEN i.last_seq + 1 = excluded.first_seq THEN i.first_seq ELSE excluded.first_seq END,"
    " body_hash = excluded.body_hash, status = excluded.status, epoch = excluded.epoch, last_seq = excluded.last_seq"
)


async def writing_verbatim(db: AsyncConnection) -> Position:
    """Lock the head for this transaction and let it be moved though the gate is shut. Returns where it stands."""
    await db.execute(sa.text("SET LOCAL thidua.restoring = 'on'"))
    await db.execute(sa.text("SELECT 1 FROM chassis.log_head FOR UPDATE"))
    head = await logs.head(db)
    return Position(head.epoch, head.seq, head.hash)


async def move_head(db: AsyncConnection, to: Position) -> None:
    await db.execute(
        sa.text("UPDATE chassis.log_head SET epoch = :epoch, seq = :seq, hash = :hash"),
        {"epoch": to.epoch, "seq": to.seq, "hash": to.hash},
    )


async def take_in(db: AsyncConnection, own: Projection, events: Sequence[Stored]) -> None:
    """Append events that continue the head, as they are, and apply them. Raises Unreadable for what this code cannot
    read: then an older program than the one that wrote the log is running."""
    facts = [read(event) for event in events]
    await db.execute(
        _LOG,
        {
            "seqs": [event.seq for event in events],
            "epochs": [event.epoch for event in events],
            "prevs": [event.prev for event in events],
            "hashes": [event.hash for event in events],
            "types": [fact.header.type for fact in facts],
            "correlations": [fact.header.correlation for fact in facts],
            "headers": [event.header for event in events],
            "datas": [event.data for event in events],
            "traceparents": [event.traceparent for event in events],
        },
    )
    await _replay(db, own, events, facts)
    await move_head(db, Position.of(events[-1]))


async def _replay(db: AsyncConnection, own: Projection, events: Sequence[Stored], facts: Sequence[Recorded]) -> None:
    await own.apply(db, [Recorded(fact.header, fact.data) for fact in facts])
    touched = [
        (subject, event.epoch, event.seq)
        for event, fact in zip(events, facts, strict=True)
        for subject in fact.header.subjects
    ]
    subjects, epochs, seqs = zip(*touched, strict=True)
    await db.execute(_VERSIONS, {"subjects": list(subjects), "epochs": list(epochs), "seqs": list(seqs)})
    keys = _keys([(event, fact.header) for event, fact in zip(events, facts, strict=True)])
    if keys:
        await db.execute(_KEYS, keys)


def _keys(events: Sequence[tuple[Stored, Header]]) -> list[dict[str, object]]:
    """The idempotency row of each write among the events, as append would have made it."""
    rows: list[dict[str, object]] = []
    for event, header in events:
        said = header.idempotency
        if said is None:
            continue
        if rows and (rows[-1]["scope"], rows[-1]["key"]) == (said.scope, said.key):
            rows[-1]["last"] = event.seq
            continue
        rows.append(
            {
                "scope": said.scope,
                "key": said.key,
                "body_hash": said.body_hash,
                "status": said.status,
                "epoch": event.epoch,
                "first": event.seq,
                "last": event.seq,
            }
        )
    return rows


async def void_after(
    db: AsyncConnection, own: Projection, log: str, common: int, *, kept: str, reason: str, by: str
) -> int:
    """Move everything after ``common`` aside into ``chassis.voided`` and bring all tables of the own log to where it
    ends now, by replay. Returns how many were moved. What no event feeds stays as it is."""
    moved = await db.execute(
        sa.text(
            "WITH gone AS (DELETE FROM chassis.log WHERE seq > :common"
            " RETURNING epoch, seq, prev, hash, header, data, traceparent)"
            " INSERT INTO chassis.voided SELECT :log, gone.*, :kept, :reason, :by, :at FROM gone ON CONFLICT DO NOTHING"
        ),
        {"common": common, "log": log, "kept": kept, "reason": reason, "by": by, "at": datetime.now(timezone.utc)},
    )
    tables = ", ".join(f'"{table}"' for table in own.tables)
    await db.execute(sa.text(f"TRUNCATE {tables + ', ' if tables else ''}chassis.discarded"))
    await db.execute(sa.text("TRUNCATE chassis.aggregate, chassis.idempotency"))
    # What reacted on the branch that is gone has to be looked at again; what stayed finds its own key.
    await db.execute(sa.text("UPDATE chassis.reaction_cursor SET seq = 0"))
    at = Position.start(log)
    while page := await logs.read_page(db, log, at.seq, PAGE):
        await _replay(db, own, page, [read(event) for event in page])
        at = Position.of(page[-1])
    await move_head(db, at)
    told = {"epoch": at.epoch, "seq": at.seq, "hash": at.hash}
    await db.execute(
        sa.text("UPDATE chassis.relay_cursor SET epoch = :epoch, seq = :seq, hash = :hash WHERE seq > :seq"), told
    )
    await db.execute(sa.text("DELETE FROM chassis.follower_mark WHERE seq > :seq"), told)
    return moved.rowcount
