"""What tests of the containers share."""

from __future__ import annotations

from pathlib import Path

import pytest
from thidua.local.compose import write_secrets

from tests.deploy.site_in_containers import TOPOLOGY


@pytest.fixture(scope="module")
def compose_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `python -m thidua.local.compose` writes."""
    path = tmp_path_factory.mktemp("site") / "compose"
    write_secrets(path, TOPOLOGY)
    return path
