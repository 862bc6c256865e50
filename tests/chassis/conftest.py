"""What most tests of delivery stand on; a file that needs it otherwise has a fixture of that name itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from thidua.local.nats import EmbeddedNats

from tests.chassis.sites import site


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedNats]:
    async with site(tmp_path) as running:
        yield running
