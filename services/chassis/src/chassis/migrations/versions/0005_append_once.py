"""Append behind the lock of its own key, so that one statement can write rows, append and be known by its key."""

from alembic import op

revision = "0005"
down_revision = "0003"

# The unique key of chassis.idempotency alone would make a second writer wait for the first and then fail: it is told
# at once instead (SQLSTATE TD004). ``p_applied`` counts rows that the same statement writes: a value that append
# depends on is computed before it, so the head is locked last.
APPEND_ONCE = r"""
CREATE FUNCTION chassis.append_once(
    p_applied bigint,
    p_types text[], p_correlations text[], p_headers bytea[], p_datas bytea[], p_subjects jsonb,
    p_traceparent text,
    p_guarded text[], p_versions bigint[],
    p_scope text, p_key text, p_body_hash text, p_status integer
) RETURNS TABLE (log text, epoch integer, first_seq bigint, last_seq bigint, hash bytea)
LANGUAGE plpgsql AS $$
BEGIN
    IF p_scope IS NOT NULL AND NOT pg_try_advisory_xact_lock(hashtextextended(p_scope || chr(31) || p_key, 0)) THEN
        RAISE EXCEPTION USING ERRCODE = 'TD004', MESSAGE = p_key;
    END IF;
    RETURN QUERY SELECT * FROM chassis.append(
        p_types, p_correlations, p_headers, p_datas, p_subjects, p_traceparent, p_guarded, p_versions,
        p_scope, p_key, p_body_hash, p_status);
END $$;
"""


def upgrade() -> None:
    op.execute(APPEND_ONCE)
