"""When a restored service had caught up: what it says to the outside waits until then."""

from alembic import op

revision = "0009"
down_revision = "0008"

WHOLE = """
-- Epochs of the own log in which this database was found to have caught up with all that it follows, and when by the
-- service's clock. A backup brought back does not know the newest epoch yet. The first epoch needs no row.
CREATE TABLE chassis.whole (
    epoch integer PRIMARY KEY,
    at    timestamptz NOT NULL
);
"""


def upgrade() -> None:
    op.execute(WHOLE)
