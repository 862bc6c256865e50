"""Rebuilds of tables beside the live ones: who asked for one, how far it is, what it found."""

from alembic import op

revision = "0008"
down_revision = "0005"

REBUILD = """
-- The last rebuild of what each log feeds; the copy that holds the worker lease does what is asked or was broken off.
CREATE TABLE chassis.rebuild (
    log         text PRIMARY KEY,
    state       text NOT NULL CHECK (state IN ('asked', 'running', 'swapped', 'differs', 'failed')),
    swap_anyway boolean NOT NULL,
    asked_by    text NOT NULL,
    asked_at    timestamptz NOT NULL,
    done        bigint NOT NULL DEFAULT 0,
    upto        bigint NOT NULL DEFAULT 0,
    differences jsonb NOT NULL DEFAULT '[]',
    wrong       text,
    ended_at    timestamptz
);
"""


def upgrade() -> None:
    op.execute(REBUILD)
