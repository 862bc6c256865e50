"""Says once, by name, when tests that run on every backend could not run on containers."""

from __future__ import annotations

import pytest

from tests.support.backends import backends_here, docker_trouble, forced_backend


def test_a_docker_engine_answers_so_that_containers_are_tested_too() -> None:
    trouble = docker_trouble()
    if trouble is not None and forced_backend() != "containers":
        pytest.skip(trouble)
    assert "containers" in backends_here() or forced_backend() == "wheels"
