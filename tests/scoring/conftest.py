"""Scoring as a running service on a fresh database, its cluster known."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from chassis.testing import Trial, trial
from scoring.main import service

from tests.scoring.year import OPENING, the_cluster
from tests.support.databases import DatabaseMaker


@pytest.fixture
async def scoring(make_database: DatabaseMaker) -> AsyncIterator[Trial]:
    database = await make_database("scoring")
    async with trial(service, database.url, OPENING) as running:
        await running.given(*the_cluster())
        yield running
