"""What registry says: persons, units, clusters, years, plans, campaigns, registrations and reports."""

from contracts.events.registry import campaigns, clusters, people, plans, registrations, reports, units, years

__all__ = ["campaigns", "clusters", "people", "plans", "registrations", "reports", "units", "years"]
