"""Breaks everything that can break under a real site, under load, and counts what was lost: ``python -m chaos``."""
