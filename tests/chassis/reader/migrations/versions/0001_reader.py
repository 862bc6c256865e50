"""What the reader has: clusters of a followed log, years of the own one."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TABLE seen (cluster_id text PRIMARY KEY, name text NOT NULL, times integer NOT NULL)")
    op.execute("CREATE TABLE agreed (rubric_id text PRIMARY KEY)")
