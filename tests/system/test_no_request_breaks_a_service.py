"""Requests made up from each service's own OpenAPI: whatever comes, the answer is a refusal in words, never a bug."""

from __future__ import annotations

import asyncio
import os
import random
from importlib import import_module
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings, strategies
from standing import Role
from thidua.demo.stage import ADMINISTRATOR, OPERATOR, TLD, Stage
from thidua.local.site import Site
from thidua.services import SERVICES

from tests.system.looking import one

SEED = 20_240_115
EXAMPLES = int(os.environ.get("THIDUA_TEST_EXAMPLES", "3"))
"""Made-up requests for each operation; more find more and take longer."""
SHARED = ("/ops/", "/receipts/", "/health/", "/metrics")
"""What every service has from the chassis: tried in one of them."""


@pytest.fixture(scope="module")
async def token(year: Stage) -> str:
    """Of somebody who may do everything everywhere, so that requests get past the question of rights."""
    for role in Role:
        grant = {"person_id": OPERATOR, "role": role.value, "unit_id": TLD, "period": {"starts": "2020-01-01"}}
        await year.by(ADMINISTRATOR).post("registry", "/grants", grant)
    await year.time.rest()
    return await year.api.token(OPERATOR)


async def things_of(site: Site, name: str) -> dict[str, str]:
    """By the path under which a kind of thing is read (``/reports``), the id of one that there is."""
    found = {}
    for kind, path in import_module(f"{name}.main").service.locate.items():
        query = (
            "SELECT split_part(subject, ':', 2) FROM chassis.aggregate WHERE subject LIKE $1 ORDER BY seq DESC LIMIT 1"
        )
        if (id := await one(site, name, query, f"{kind}:%")) is not None:
            found[path.rpartition("/")[0]] = id
    return found


@pytest.mark.parametrize("name", SERVICES)
async def test_no_request_made_up_from_openapi_breaks_a_service(site: Site, year: Stage, token: str, name: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        told = (await http.get(f"{site.url(name)}/openapi.json")).json()
    if name != SERVICES[0]:
        told["paths"] = {path: item for path, item in told["paths"].items() if not path.startswith(SHARED)}
    things = await things_of(site, name)
    broken = await asyncio.to_thread(try_all, told, site.url(name), token, things)
    assert broken == []
    # And what was let through among them had its effects everywhere.
    await year.time.rest()


def try_all(told: dict[str, Any], url: str, token: str, things: dict[str, str]) -> list[str]:
    """Every operation with so many made-up requests; those that broke it, in words."""
    broken: list[str] = []
    keys = random.Random(SEED)
    with requests.Session() as session:
        session.trust_env = False
        for operation in schemathesis.openapi.from_dict(told).get_all_operations():
            tried: Any = operation.ok()  # type: ignore[union-attr]

            @seed(SEED)
            @settings(
                max_examples=EXAMPLES,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=tried.as_strategy(), of_one_that_is_there=strategies.booleans())
            def ask(case: schemathesis.Case, of_one_that_is_there: bool) -> None:
                prefix, _, rest = case.operation.path.partition("/{")
                if of_one_that_is_there and prefix in things:
                    case.path_parameters[rest.partition("}")[0]] = things[prefix]
                headers = {
                    "Authorization": f"Bearer {token}",
                    "Idempotency-Key": f"thu-{keys.getrandbits(64):016x}",
                    "If-Match": "*",
                }
                answer = case.call(base_url=url, headers=headers, session=session)
                if answer.status_code >= 500:
                    broken.append(f"{case.as_curl_command()} → {answer.status_code} {answer.text}")

            ask()
    return broken
