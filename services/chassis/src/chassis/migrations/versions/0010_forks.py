"""What a decision on a fork names as not kept, so that a late message of that branch is no news to a follower."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("ALTER TABLE chassis.fork ADD COLUMN not_kept text[] NOT NULL DEFAULT '{}'")
