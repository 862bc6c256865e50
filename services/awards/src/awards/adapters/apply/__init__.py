"""What each of awards' facts writes to awards' tables; the same SQL serves commands and replay."""

from awards.adapters.apply import councils, decisions, history, proposals, rules, steps
from awards.adapters.apply.own import own

__all__ = ["councils", "decisions", "history", "own", "proposals", "rules", "steps"]
