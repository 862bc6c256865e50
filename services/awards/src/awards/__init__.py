"""Awards: rule sets, eligibility, proposals on their way, councils and decisions."""
