"""What stands before the load begins: units, people, a cluster of four provinces, a year, two drafts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chassis.clock import HANOI
from thidua.demo.api import Api
from thidua.demo.chapters import criteria, foundation
from thidua.demo.stage import ADMINISTRATOR, OPERATOR, Stage
from thidua.local.site import Site
from thidua.settled import Settled
from thidua.small_year.play import world
from thidua.small_year.run import WallTime

from chaos.commands import CLUSTER, DESK, OFFICERS, RUBRICS, RUN_BY, STANDING_YEAR

LOGINS = (ADMINISTRATOR, OPERATOR, RUN_BY, DESK, *OFFICERS.values())


async def lay_ground(site: Site, api: Api) -> Settled:
    """Play it through the APIs; ``api`` knows every password afterwards."""
    api.passwords[ADMINISTRATOR] = site.bootstrap_password
    follows = {name: list(links.follows) for name, links in site.topology.services.items()}
    time = WallTime(api, follows, ADMINISTRATOR)
    stage = Stage(api, time, lambda line: None, world=world())
    await foundation.units(stage)
    await foundation.people(stage)
    await _cluster(stage, time.now)
    await time.rest()
    for rubric in RUBRICS:
        draft: dict[str, Any] = {
            "id": rubric,
            "cluster_id": CLUSTER,
            "year_id": STANDING_YEAR,
            "drafted_by_unit": "tld",
        }
        await stage.by(RUN_BY).post("scoring", "/rubrics", draft | {"form": criteria.bloc_form()})
    return await time.rest()


async def _cluster(stage: Stage, now: datetime) -> None:
    by = stage.by(RUN_BY)
    [cluster] = stage.world["clusters"]
    body = {key: cluster[key] for key in ("id", "name", "kind", "run_by")}
    await by.post("registry", "/clusters", body | {"effective": foundation.SINCE})
    for unit in cluster["members"]:
        joining = {"unit_id": unit, "period": {"starts": foundation.SINCE}}
        await by.post("registry", f"/clusters/{CLUSTER}/members", joining)
    today = now.astimezone(HANOI).date()
    year = {"id": STANDING_YEAR, "label": f"Năm thi đua {today.year}", "kind": "calendar", "calendar_year": today.year}
    dates = {"starts": f"{today.year - 1}-12-01", "ends": f"{today.year + 1}-04-01"}
    await by.post("registry", "/years", year | dates)
