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


@pytest.fixture
async def bare(make_database: DatabaseMaker) -> AsyncIterator[Trial]:
    """Registry's world is known; no rule set is enacted."""
    async with opened(await make_database("awards")) as running:
        await running.given(*facts())
        yield running


@pytest.fixture
async def awards(bare: Trial) -> Trial:
    """The morning of 6 January 2025."""
    await enact_rules(bare)
    await done(bare, "/councils", council(MOVEMENT_COUNCIL, TLD, "movement"))
    await done(bare, "/councils", council(AGENCY_COUNCIL, CAO_BANG, "apparatus"), by="thuong-truc-cao-bang")
    return bare
