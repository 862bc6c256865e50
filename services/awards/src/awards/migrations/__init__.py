"""Alembic scripts of awards."""
