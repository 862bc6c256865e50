"""A cluster in an emulation year as scoring has followed it: members, lead, deputy, and who looks at whose card."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from contracts.refusal import Refused


@dataclass(frozen=True)
class ClusterYear:
    """``members`` on the day in question; lead and deputy are missing until somebody has assumed them."""

    cluster_id: str
    year_id: str
    is_bloc: bool
    run_by: str
    members: tuple[str, ...]
    lead: str | None = None
    deputy: str | None = None

    @property
    def chair(self) -> str:
        """The unit whose standing office runs the year: the lead of a cluster, the body that runs a bloc."""
        chair = self.run_by if self.is_bloc else self.lead
        if chair is None:
            raise Refused("no-leadership", cluster=self.cluster_id, year=self.year_id)
        return chair

    def must_be_member(self, unit_id: str) -> None:
        if unit_id not in self.members:
            raise Refused("not-a-member", unit=unit_id, cluster=self.cluster_id, year=self.year_id)

    def appraiser_of(self, unit_id: str) -> str:
        """Who appraises a member's card: the chair, and for the chair's own card the deputy (of a bloc the lead).

        Raises ``no-leadership`` when there is nobody other than the unit itself.
        """
        order = (self.run_by, self.lead, self.deputy) if self.is_bloc else (self.lead, self.deputy)
        for appraiser in order:
            if appraiser is not None and appraiser != unit_id:
                return appraiser
        raise Refused("no-leadership", cluster=self.cluster_id, year=self.year_id)


def scorecard_id(cluster_id: str, year_id: str, unit_id: str) -> str:
    """One card for a unit in a cluster's year; a unit may sit in several clusters. At most 64 characters."""
    plain = f"sc-{year_id}-{cluster_id}-{unit_id}"
    if len(plain) <= 64:
        return plain
    return f"{plain[:47]}-{hashlib.sha256(plain.encode()).hexdigest()[:16]}"
