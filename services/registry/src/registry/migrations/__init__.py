"""Registry's tables, version by version."""
