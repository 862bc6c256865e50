"""Lead and deputy of a cluster for a year: typed from a paper, or taken from the conference that elected them."""

from __future__ import annotations

from chassis.facts import Recorded
from chassis.http import Write
from chassis.reactions import NotYet
from chassis.work import Work
from contracts.case import case_id
from contracts.events.registry import ClusterLeadershipAssumed
from contracts.events.scoring import YearEndConferenceConcluded
from contracts.values import Paper, Text, UnitId, YearId
from pydantic import Field
from standing import need

from registry.adapters import clusters, years
from registry.domain.clusters import leadership
from registry.handlers.form_cluster import RUNNERS


class AssumeLeadership(Write):
    year_id: YearId
    lead_unit_id: UnitId
    deputy_unit_id: UnitId
    basis: Text = Field(examples=["Bầu tại Hội nghị tổng kết Cụm ngày 05/12/2023"])
    paper: Paper | None = None


async def assume_leadership(work: Work, cluster_id: str, body: AssumeLeadership) -> None:
    """A second leadership for the same year replaces the first: then If-Match is needed."""
    cluster = await clusters.one(work.db, cluster_id)
    await need(work, RUNNERS, cluster["run_by"])
    year = await years.one(work.db, body.year_id)
    members = await clusters.members_during(work.db, cluster_id, year["starts"], year["ends"])
    leadership(body.lead_unit_id, body.deputy_unit_id, members, cluster_id)
    if await clusters.leadership(work.db, cluster_id, body.year_id) is None:
        await work.guard(f"cluster:{cluster_id}")
    else:
        await work.expect(f"cluster:{cluster_id}")
    fact = ClusterLeadershipAssumed(cluster_id=cluster_id, **body.model_dump(exclude={"act"}))
    work.record(fact, f"cluster:{cluster_id}", correlation=case_id(body.year_id, cluster_id))


async def record_leadership(work: Work, cause: Recorded[YearEndConferenceConcluded]) -> None:
    """The conference elected next year's lead and deputy. Waits until that year is opened; never judges the vote."""
    said = cause.data
    if await years.found(work.db, said.next_year_id) is None:
        raise NotYet(f"year:{said.next_year_id}")
    if not await clusters.exists(work.db, said.cluster_id):
        raise NotYet(f"cluster:{said.cluster_id}")
    await work.guard(f"cluster:{said.cluster_id}")
    fact = ClusterLeadershipAssumed(
        cluster_id=said.cluster_id,
        year_id=said.next_year_id,
        lead_unit_id=said.next_lead_unit_id,
        deputy_unit_id=said.next_deputy_unit_id,
        basis=f"Bầu tại Hội nghị tổng kết Cụm ngày {said.held_on:%d/%m/%Y}",
        paper=said.minutes,
    )
    work.record(fact, f"cluster:{said.cluster_id}", correlation=case_id(said.next_year_id, said.cluster_id))
