"""Awards on a real database: registry's world is known, both rule sets are in force, two councils sit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from awards.main import service
from chassis.testing import Trial, trial
from thidua.local.databases import Database

from tests.awards.world import (
    AGENCY_COUNCIL,
    AT,
    CAO_BANG,
    MOVEMENT_COUNCIL,
    TLD,
    council,
    done,
    enact_rules,
    facts,
)
from tests.support.databases import DatabaseMaker


@asynccontextmanager
async def opened(database: Database) -> AsyncIterator[Trial]:
    async with trial(service, database.url, AT) as running:
        yield running


async def known(database: Database) -> None:
    """What registry said before any award was thought of."""
    async with opened(database) as trial:
        await trial.given(*facts())


async def built(database: Database) -> None:
    """Both rule sets enacted, a council for each track."""
    async with opened(database) as trial:
        await trial.given(*facts())
        await enact_rules(trial)
        await done(trial, "/councils", council(MOVEMENT_COUNCIL, TLD, "movement"))
        await done(trial, "/councils", council(AGENCY_COUNCIL, CAO_BANG, "apparatus"), by="thuong-truc-cao-bang")


@pytest.fixture
async def bare(make_database: DatabaseMaker) -> AsyncIterator[Trial]:
    """Registry's world is known; no rule set is enacted."""
    async with opened(await make_database("awards", known)) as running:
        yield running


@pytest.fixture
async def awards(make_database: DatabaseMaker) -> AsyncIterator[Trial]:
    """The morning of 6 January 2025: rules and councils as a new year finds them."""
    async with opened(await make_database("awards", built)) as running:
        yield running
