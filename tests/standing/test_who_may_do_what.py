"""Units over time and what a grant reaches: on the unit, below it, on the days it is in force, and no further."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any

import pytest
import sqlalchemy as sa
import standing
from chassis.facts import Recorded
from chassis.log import header_for
from chassis.projection import Projection
from chassis.runtime import create_engine
from chassis.work import service_act
from contracts.catalogue import Fact
from contracts.events.registry import (
    GrantGiven,
    GrantWithdrawn,
    UnitClosed,
    UnitMoved,
    UnitRecorded,
    UnitRenamed,
)
from contracts.refusal import Refused
from sqlalchemy.ext.asyncio import AsyncConnection
from standing import Role

from tests.support.databases import DatabaseMaker

NOW = datetime(2024, 6, 1, 3, 0, tzinfo=timezone.utc)
DECISION = {"number": "15/QĐ", "date": "2024-01-02"}


@dataclass
class Asking:
    db: AsyncConnection
    person: str | None
    now: datetime = NOW


@pytest.fixture
async def db(make_database: DatabaseMaker) -> AsyncIterator[AsyncConnection]:
    database = await make_database("registry")
    engine = create_engine(database.url, pool_size=2)
    async with engine.begin() as connection:
        await connection.execute(sa.text("CREATE SCHEMA live"))
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.execute(standing.SCHEMA)
        yield connection
    await engine.dispose()


async def happened(db: AsyncConnection, *facts: Fact) -> None:
    projection = Projection("registry", standing.TABLES)
    standing.feed(projection)
    act = service_act("registry", NOW)
    recorded = [
        Recorded(header_for(fact, id="e1", occurred=NOW, act=act, correlation="c1", subjects=("unit:x",)), fact)
        for fact in facts
    ]
    await projection.apply(db, recorded)


def unit(unit_id: str, parent: str | None = None, effective: str = "2020-01-01") -> UnitRecorded:
    return UnitRecorded.model_validate(
        {"unit_id": unit_id, "code": unit_id.upper(), "name": f"Đơn vị {unit_id}", "level": "province",
         "kind": "federation", "parent_id": parent, "effective": effective}
    )  # fmt: skip


def renamed(unit_id: str, name: str, effective: str) -> UnitRenamed:
    return UnitRenamed.model_validate({"unit_id": unit_id, "name": name, "effective": effective, "decision": DECISION})


def moved(unit_id: str, parent: str, effective: str) -> UnitMoved:
    return UnitMoved.model_validate(
        {"unit_id": unit_id, "parent_id": parent, "effective": effective, "decision": DECISION}
    )


def granted(person: str, role: str, unit_id: str, starts: str = "2024-01-01", ends: str | None = None) -> GrantGiven:
    return GrantGiven.model_validate(
        {"grant_id": f"g-{person}-{unit_id}", "person_id": person, "role": role, "unit_id": unit_id,
         "period": {"starts": starts, "ends": ends}}
    )  # fmt: skip


async def named(db: AsyncConnection, unit_id: str, day: str) -> tuple[str, str | None] | None:
    found = await standing.unit_on(db, unit_id, date.fromisoformat(day))
    return (found.name, found.parent_id) if found else None


async def test_a_change_that_is_typed_late_leaves_later_changes_of_other_kinds_alone(db: AsyncConnection) -> None:
    await happened(db, unit("tld"), unit("ua", "tld"), unit("ub", "tld"))
    await happened(db, moved("ua", "ub", "2024-05-01"))
    await happened(db, renamed("ua", "Tên tháng Ba", "2024-03-01"))
    assert await named(db, "ua", "2024-02-28") == ("Đơn vị ua", "tld")
    assert await named(db, "ua", "2024-04-01") == ("Tên tháng Ba", "tld")
    assert await named(db, "ua", "2024-05-01") == ("Tên tháng Ba", "ub")


async def test_a_late_rename_ends_where_the_next_rename_begins(db: AsyncConnection) -> None:
    await happened(
        db, unit("ua"), renamed("ua", "Tên tháng Năm", "2024-05-01"), renamed("ua", "Tên tháng Ba", "2024-03-01")
    )
    assert [await named(db, "ua", day) for day in ("2024-02-01", "2024-03-01", "2024-05-01")] == [
        ("Đơn vị ua", None), ("Tên tháng Ba", None), ("Tên tháng Năm", None),
    ]  # fmt: skip


async def test_a_change_on_the_first_day_replaces_what_never_held(db: AsyncConnection) -> None:
    await happened(db, unit("ua", effective="2024-01-01"), renamed("ua", "Tên đúng", "2024-01-01"))
    assert await named(db, "ua", "2024-01-01") == ("Tên đúng", None)


async def test_a_closed_unit_is_gone_from_its_day_even_where_a_later_rename_was_typed(db: AsyncConnection) -> None:
    closed = UnitClosed.model_validate({"unit_id": "ua", "effective": "2024-04-01", "decision": DECISION})
    await happened(db, unit("ua"), renamed("ua", "Tên tháng Năm", "2024-05-01"), closed)
    assert await named(db, "ua", "2024-03-31") == ("Đơn vị ua", None)
    assert await named(db, "ua", "2024-04-01") is None
    assert await named(db, "ua", "2024-06-01") is None


async def test_a_grant_reaches_the_unit_and_all_below_it_and_nothing_beside_it(db: AsyncConnection) -> None:
    await happened(db, unit("tld"), unit("tinh", "tld"), unit("huyen", "tinh"), unit("tinh-khac", "tld"))
    await happened(db, granted("an", "officer", "tinh"))
    asking = Asking(db, "an")
    assert await standing.holds(asking, Role.OFFICER, "tinh")
    assert await standing.holds(asking, Role.OFFICER, "huyen")
    assert not await standing.holds(asking, Role.OFFICER, "tld")
    assert not await standing.holds(asking, Role.OFFICER, "tinh-khac")
    assert not await standing.holds(asking, Role.LEADER, "tinh")
    with pytest.raises(Refused) as refused:
        await standing.need(asking, Role.OFFICER, "tinh-khac")
    assert refused.value.rule == "not-entitled"
    assert refused.value.values == {"role": ["officer"], "unit": "tinh-khac"}


async def test_a_grant_follows_the_tree_of_the_day(db: AsyncConnection) -> None:
    await happened(
        db, unit("tld"), unit("ux", "tld"), unit("uy", "tld"), unit("huyen", "ux"), granted("an", "officer", "ux")
    )
    assert await standing.holds(Asking(db, "an"), Role.OFFICER, "huyen")
    await happened(db, moved("huyen", "uy", "2024-05-15"))
    assert not await standing.holds(Asking(db, "an"), Role.OFFICER, "huyen")


async def test_a_grant_holds_from_its_first_day_until_it_ends_or_is_withdrawn(db: AsyncConnection) -> None:
    await happened(db, unit("ua"), granted("an", "officer", "ua", "2024-06-01", "2024-06-03"))

    async def on(day: int) -> bool:
        # 18:00 UTC is already the next day in Hà Nội: grants are dated there.
        return await standing.holds(
            Asking(db, "an", datetime(2024, 5, day, 18, tzinfo=timezone.utc)), Role.OFFICER, "ua"
        )

    assert [await on(30), await on(31)] == [False, True]
    await happened(db, GrantWithdrawn.model_validate({"grant_id": "g-an-ua", "ends": "2024-06-01", "reason": "x"}))
    assert not await on(31)


async def test_a_service_or_a_stranger_holds_nothing(db: AsyncConnection) -> None:
    await happened(db, unit("ua"))
    assert not await standing.holds(Asking(db, None), Role.OFFICER, "ua")
    assert await standing.units_of(Asking(db, None), Role.OFFICER) == []
    with pytest.raises(Refused):
        await standing.may_operate(Asking(db, "an"))


async def test_a_loop_in_the_tree_hangs_nobody(db: AsyncConnection) -> None:
    await happened(db, unit("ua"), unit("ub", "ua"), moved("ua", "ub", "2024-01-01"), granted("an", "officer", "ub"))
    assert await standing.holds(Asking(db, "an"), Role.OFFICER, "ua")
    assert await standing.under(db, ["ua"], date(2024, 2, 1)) == {"ua", "ub"}
