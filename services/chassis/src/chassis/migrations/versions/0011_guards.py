"""Append looks each guarded aggregate up by its key.

Joined to the list of what is guarded, the whole table was read once its plan was a general one: the cost of a command
grew with the number of aggregates.
"""

from alembic import op

revision = "0011"
down_revision = "0010"

JOINED = """FROM unnest(p_guarded, p_versions) AS g(subject, version)
          LEFT JOIN chassis.aggregate a ON a.subject = g.subject
         WHERE coalesce(a.seq, 0) <> g.version LIMIT 1;"""
BY_KEY = """FROM unnest(p_guarded, p_versions) AS g(subject, version)
         WHERE coalesce((SELECT a.seq FROM chassis.aggregate a WHERE a.subject = g.subject), 0) <> g.version LIMIT 1;"""


def upgrade() -> None:
    """The body stands in 0001; only this query of it changes."""
    op.execute(
        f"""
DO $do$
DECLARE
    body text;
BEGIN
    SELECT pg_get_functiondef(p.oid) INTO STRICT body FROM pg_proc p
     WHERE p.proname = 'append' AND p.pronamespace = 'chassis'::regnamespace;
    IF position($old${JOINED}$old$ IN body) = 0 THEN
        RAISE EXCEPTION 'chassis.append is not what migration 0001 made';
    END IF;
    EXECUTE replace(body, $old${JOINED}$old$, $new${BY_KEY}$new$);
END $do$"""
    )
