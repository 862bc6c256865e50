"""Alembic's way in: the chassis runs the scripts where the search path says."""

from chassis.migrate import run

run()
