"""At a site below the national one: the centre's criteria, agreements and results, fed by the centre's log alone."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE centre_rubric (
            rubric_id  text NOT NULL,
            version    integer NOT NULL,
            cluster_id text NOT NULL,
            year_id    text NOT NULL,
            title      text NOT NULL,
            form       jsonb NOT NULL,
            hash       text,
            PRIMARY KEY (rubric_id, version)
        );
        CREATE TABLE centre_result (
            kind       text NOT NULL CHECK (kind IN ('agreement', 'ranking', 'conference')),
            id         text NOT NULL,
            cluster_id text NOT NULL,
            year_id    text NOT NULL,
            data       jsonb NOT NULL,
            at         timestamptz NOT NULL,
            PRIMARY KEY (kind, id)
        );
        CREATE INDEX centre_result_cluster ON centre_result (cluster_id, year_id);
        """
    )
