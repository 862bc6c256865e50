"""Scoring as a running service on a fresh database, its cluster known."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from chassis.testing import Trial, trial
from scoring.main import service
from thidua.local.databases import Database

from tests.scoring.year import OPENING, the_cluster
from tests.support.databases import DatabaseMaker


async def with_the_cluster(database: Database) -> None:
    """What every test starts with, told once: the database is copied for each."""
    async with trial(service, database.url, OPENING) as running:
        await running.given(*the_cluster())


@pytest.fixture
async def scoring(make_database: DatabaseMaker) -> AsyncIterator[Trial]:
    database = await make_database("scoring", with_the_cluster)
    async with trial(service, database.url, OPENING) as running:
        yield running
