"""What of awards' log a site below may see."""

from __future__ import annotations

from collections.abc import Collection

from contracts.catalogue import Fact
from contracts.events.awards.proposals import (
    ProposalForwarded,
    ProposalReceived,
    ProposalRefused,
    ProposalReturned,
    ProposalWithdrawn,
)

_WAY = (ProposalReceived, ProposalForwarded, ProposalReturned, ProposalRefused, ProposalWithdrawn)


def shows(fact: Fact, scopes: Collection[str]) -> bool:
    """Besides what is public (rule sets, decisions, awards): where a proposal of its own units is.

    Never what councils say and do: who is recused there could not be kept from it here.
    """
    return isinstance(fact, _WAY) and (fact.unit_id in scopes or fact.proposed_by in scopes)
