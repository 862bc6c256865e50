"""At a site below the national one: decisions of the centre and whom they reward, fed by the centre's log alone."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE centre_decision (
            decision_id text PRIMARY KEY,
            data        jsonb NOT NULL,
            at          timestamptz NOT NULL
        );
        CREATE TABLE centre_award (
            award_id    text PRIMARY KEY,
            decision_id text NOT NULL,
            unit_id     text NOT NULL,
            data        jsonb NOT NULL
        );
        CREATE INDEX centre_award_decision ON centre_award (decision_id);
        """
    )
