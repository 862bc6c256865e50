"""Two small tables: clusters of the own log, reports of a followed one."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TABLE cluster (cluster_id text PRIMARY KEY, name text NOT NULL, received timestamptz NOT NULL)")
    op.execute("CREATE TABLE note (id text PRIMARY KEY, unlogged text)")
