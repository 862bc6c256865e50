"""Append looks each guarded aggregate up by its key.

Joined to the list of what is guarded, the whole table was read once its plan was a general one: the cost of a command
grew with the number of aggregates.
"""

from alembic import op
from chassis.migrations.functions import with_other_part

revision = "0011"
down_revision = "0010"

JOINED = """FROM unnest(p_guarded, p_versions) AS g(subject, version)
          LEFT JOIN chassis.aggregate a ON a.subject = g.subject
         WHERE coalesce(a.seq, 0) <> g.version LIMIT 1;"""
BY_KEY = """FROM unnest(p_guarded, p_versions) AS g(subject, version)
         WHERE coalesce((SELECT a.seq FROM chassis.aggregate a WHERE a.subject = g.subject), 0) <> g.version LIMIT 1;"""


def upgrade() -> None:
    """The body stands in 0001; only this query of it changes."""
    op.execute(with_other_part("append", JOINED, BY_KEY))
