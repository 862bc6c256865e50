"""Clusters: who is a member when, and who leads in a year."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import date

from contracts.refusal import Refused
from contracts.values import Period


def may_join(unit_id: str, cluster_id: str, memberships: Sequence[Period], joining: Period) -> None:
    """A unit is a member once at a time. Raises ``already-a-member``."""
    for membership in memberships:
        begins_before_end = joining.ends is None or membership.starts < joining.ends
        ends_after_start = membership.ends is None or joining.starts < membership.ends
        if begins_before_end and ends_after_start:
            raise Refused("already-a-member", unit=unit_id, cluster=cluster_id, since=membership.starts)


def leaving(unit_id: str, cluster_id: str, memberships: Sequence[Period], ends: date) -> Period:
    """The membership that ends. Raises ``not-a-member``."""
    for membership in memberships:
        if membership.starts < ends and (membership.ends is None or ends <= membership.ends):
            return membership
    raise Refused("not-a-member", unit=unit_id, cluster=cluster_id, year=ends.year)


def leadership(lead: str, deputy: str, members: Set[str], cluster_id: str) -> None:
    """Lead and deputy are two members. Raises ``lead-is-deputy`` and ``leader-not-a-member``."""
    if lead == deputy:
        raise Refused("lead-is-deputy", unit=lead)
    strangers = [unit for unit in (lead, deputy) if unit not in members]
    if strangers:
        raise Refused("leader-not-a-member", units=strangers, cluster=cluster_id)
