"""The world of registry's tests, one clone for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from chassis.testing import Trial

from tests.registry.world import build, opened
from tests.support.databases import DatabaseMaker


@pytest.fixture
async def registry(make_database: DatabaseMaker) -> AsyncIterator[Trial]:
    """Four provinces in a cluster in 2024; the clock stands at 10 December 2023."""
    async with opened(await make_database("registry", build)) as running:
        yield running
