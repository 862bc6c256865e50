"""Alembic's way in; the chassis does the rest."""

from chassis.migrate import run

run()
