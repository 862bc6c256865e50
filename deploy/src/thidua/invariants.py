"""The promise, checked in the databases with a read-only role: nothing lost or twice, chains whole, replay equal."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from chassis import log as logs
from chassis.facts import Stored
from chassis.replay import differences
from chassis.runtime import create_engine
from chassis.service import Service
from contracts.envelope import event_hash, seed_hash
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from thidua.local.databases import Database

PAGE = 2000


@dataclass
class Finding:
    """One invariant: what was looked at, and everything that contradicts it."""

    name: str
    seen: str
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Accepted:
    """What a caller was told: the range in a log and the hash of its last event."""

    log: str
    epoch: int
    first_seq: int
    last_seq: int
    hash: str


class Books:
    """The databases of one site, read-only, and a scratch database to replay into. ``above``: the site above it."""

    def __init__(self, site: str, audit: Mapping[str, Database], scratch: Database, *, above: str = "") -> None:
        self.site = site
        self.above = above
        self.engines = {name: create_engine(database.url, pool_size=2) for name, database in audit.items()}
        self.scratch = create_engine(scratch.url, pool_size=2)
        self.services: dict[str, Service] = {
            name: importlib.import_module(f"{name}.main").service for name in self.engines
        }

    async def close(self) -> None:
        for engine in (*self.engines.values(), self.scratch):
            await engine.dispose()

    def log(self, service: str) -> str:
        return f"{self.site}.{service}"


async def check(books: Books, accepted: Iterable[Accepted]) -> list[Finding]:
    """Every invariant in turn; a finding without ``wrong`` holds."""
    return [
        await _receipts_are_in_the_log(books, list(accepted)),
        await _keys_were_done_once(books),
        await _chains_verify(books),
        await _applied_once_everywhere(books),
        await _replay_equals_live(books),
    ]


async def _receipts_are_in_the_log(books: Books, accepted: list[Accepted]) -> Finding:
    finding = Finding("Mỗi lệnh đã nhận đều có đủ sự kiện trong sổ", f"{len(accepted)} biên nhận")
    for name, engine in books.engines.items():
        async with engine.connect() as db:
            for receipt in (one for one in accepted if one.log == books.log(name)):
                rows = (
                    await db.execute(
                        sa.text(
                            "SELECT count(*) AS events, max(encode(hash, 'hex')) FILTER (WHERE seq = :last) AS hash"
                            " FROM chassis.log WHERE epoch = :epoch AND seq BETWEEN :first AND :last"
                        ),
                        {"epoch": receipt.epoch, "first": receipt.first_seq, "last": receipt.last_seq},
                    )
                ).one()
                if rows.events != receipt.last_seq - receipt.first_seq + 1 or rows.hash != receipt.hash:
                    finding.wrong.append(f"{receipt} is not in the log")
    return finding


async def _keys_were_done_once(books: Books) -> Finding:
    """Each idempotency key stands on one contiguous range of the log, and each event's key is a stored one."""
    seen = 0
    finding = Finding("Không lệnh nào được ghi hai lần", "")
    for name, engine in books.engines.items():
        async with engine.connect() as db:
            rows = await db.execute(
                sa.text(
                    """
                    WITH told AS (
                        SELECT seq, convert_from(header, 'UTF8')::jsonb -> 'idempotency' AS i FROM chassis.log
                    ), ranges AS (
                        SELECT i ->> 'scope' AS scope, i ->> 'key' AS key, min(seq) AS first, max(seq) AS last,
                               count(*) AS events
                          FROM told WHERE i IS NOT NULL GROUP BY 1, 2
                    )
                    SELECT coalesce(r.scope, k.scope) AS scope, coalesce(r.key, k.key) AS key,
                           r.events = r.last - r.first + 1 AND r.first = k.first_seq AND r.last = k.last_seq AS holds
                      FROM ranges r FULL JOIN chassis.idempotency k ON k.scope = r.scope AND k.key = r.key
                    """
                )
            )
            for row in rows:
                seen += 1
                if not row.holds:
                    finding.wrong.append(f"{name}: {row.scope} {row.key} does not stand on one range of the log")
    finding.seen = f"{seen} khóa"
    return finding


async def _chains_verify(books: Books) -> Finding:
    finding = Finding("Chuỗi băm của mọi sổ đúng từ sự kiện đầu", "")
    seen = 0
    for name, engine in books.engines.items():
        async with engine.connect() as db:
            seq, prev, epoch = 0, seed_hash(books.log(name)), 1
            while page := await logs.read_page(db, books.log(name), seq, PAGE):
                for stored in page:
                    seen += 1
                    if stored.seq != seq + 1 or stored.prev != prev or stored.epoch < epoch or not _hash_fits(stored):
                        finding.wrong.append(f"{stored.key} does not continue the chain")
                    seq, prev, epoch = stored.seq, stored.hash, stored.epoch
            head = await logs.head(db)
            if (head.seq, head.hash) != (seq, prev):
                finding.wrong.append(f"{head.log}: the head says {head.seq}, the log ends at {seq}")
    finding.seen = f"{seen} sự kiện"
    return finding


def _hash_fits(stored: Stored) -> bool:
    return event_hash(stored.prev, stored.epoch, stored.seq, stored.header, stored.data) == stored.hash


async def _applied_once_everywhere(books: Books) -> Finding:
    """Each follower took every event of the logs it follows, byte for byte and once; what it holds back is named."""
    finding = Finding("Mỗi sự kiện được áp dụng đúng một lần ở mọi nơi, hoặc bị cách ly, hoặc loại bỏ có ghi danh", "")
    taken = held = discarded = 0
    for name, engine in books.engines.items():
        async with engine.connect() as db:
            held += await db.scalar(sa.text("SELECT count(*) FROM chassis.quarantine")) or 0
            discarded += await db.scalar(sa.text("SELECT count(*) FROM chassis.discarded")) or 0
            for projection in books.services[name].follows:
                produced = await _keys(books.engines[projection.log], "chassis.log", "true", {})
                received = await _keys(engine, "chassis.received", "log = :log", {"log": books.log(projection.log)})
                taken += received.total()
                where = f"{name} of {books.log(projection.log)}"
                lost, extra = produced - received, received - produced
                finding.wrong += [f"{where}: {key[1]} was never taken" for key in sorted(lost)]
                finding.wrong += [f"{where}: {key[1]} is not the producer's, or taken twice" for key in sorted(extra)]
                mark = await _mark(db, books.log(projection.log))
                if mark != produced.total():
                    finding.wrong.append(f"{where}: the mark stands at {mark} of {produced.total()}")
    finding.seen = f"{taken} lượt nhận, {held} cách ly, {discarded} loại bỏ"
    return finding


async def _keys(engine: AsyncEngine, table: str, which: str, values: dict[str, Any]) -> Counter[tuple[int, int, str]]:
    async with engine.connect() as db:
        rows = await db.execute(
            sa.text(f"SELECT epoch, seq, encode(hash, 'hex') AS hash FROM {table} WHERE {which}"), values
        )
        return Counter((row.epoch, row.seq, row.hash) for row in rows)


async def _mark(db: AsyncConnection, log: str) -> int:
    return await db.scalar(sa.text("SELECT seq FROM chassis.mark WHERE log = :log"), {"log": log}) or 0


async def _replay_equals_live(books: Books) -> Finding:
    tables = sum(
        len(service.own.tables) + sum(len(one.tables) for one in service.followed(books.above))
        for service in books.services.values()
    )
    finding = Finding("Dựng lại từng dịch vụ từ sổ cho đúng các bảng đang dùng", f"{tables} bảng")
    for name, service in books.services.items():
        for difference in await differences(books.engines[name], service, books.site, books.scratch, above=books.above):
            finding.wrong.append(
                f"{name}.{difference.table}: {difference.only_live} rows only live,"
                f" {difference.only_replayed} only replayed"
            )
    return finding
