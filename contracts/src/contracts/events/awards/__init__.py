"""The events of awards: rule sets, history, proposals and their way, councils with ballots, decisions."""

from contracts.events.awards import assessments, councils, decisions, history, proposals, rules

__all__ = ["assessments", "councils", "decisions", "history", "proposals", "rules"]
