"""Every route of awards."""

from awards.entrypoints import centre, councils, decisions, history, proposals, rules

ROUTES = [rules.routes, history.routes, proposals.routes, councils.routes, decisions.routes, centre.routes]
