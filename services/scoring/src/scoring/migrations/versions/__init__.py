"""Scoring's tables, version by version."""
