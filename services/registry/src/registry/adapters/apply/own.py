"""The projection of registry's own log: the tables that it feeds."""

from __future__ import annotations

import standing
from chassis.projection import Projection

own = Projection(
    "registry",
    tables=[
        *standing.TABLES,
        "person",
        "persons_apart",
        "post",
        "office",
        "grant_given",
        "rating",
        "discipline",
        "clean_record",
        "unit_life",
        "unit_name",
        "unit_place",
        "unit_contact",
        "cluster",
        "cluster_member",
        "cluster_leadership",
        "emulation_year",
        "deadline",
        "deadline_extension",
        "plan",
        "plan_number",
        "plan_task",
        "plan_amendment",
        "campaign",
        "campaign_review",
        "filing",
        "filing_revision",
        "filing_missed",
    ],
)
standing.feed(own)

UNLOGGED = ["particulars", "account", "report_draft"]
"""Tables that no event feeds: recovered from backups only, and left out of replay."""
