"""What every followed batch begins with, in one call: the mark moves, the events are kept, what binds them is told."""

from alembic import op

revision = "0003"
down_revision = "0002"

# Each statement of the function sees what was committed before it: after the wait for the mark's row, quarantine is
# what the former holder of that row left. NULL blocked and discarded: the mark stood elsewhere, nothing was written.
KEEP_BATCH = """
CREATE FUNCTION chassis.keep_batch(
    p_log text, p_was_epoch integer, p_was_seq bigint, p_was_hash bytea,
    p_epochs integer[], p_seqs bigint[], p_prevs bytea[], p_hashes bytea[], p_headers bytea[], p_datas bytea[],
    p_traceparents text[], p_at timestamptz, p_subjects text[],
    OUT moved boolean, OUT blocked jsonb, OUT discarded jsonb
) LANGUAGE plpgsql AS $$
DECLARE
    n integer := cardinality(p_seqs);
BEGIN
    UPDATE chassis.mark m SET epoch = p_epochs[n], seq = p_seqs[n], hash = p_hashes[n]
     WHERE m.log = p_log AND m.epoch = p_was_epoch AND m.seq = p_was_seq AND m.hash = p_was_hash;
    moved := FOUND;
    IF NOT moved THEN
        RETURN;
    END IF;
    INSERT INTO chassis.received (log, epoch, seq, prev, hash, header, data, traceparent, received_at)
    SELECT p_log, e.epoch, e.seq, e.prev, e.hash, e.header, e.data, e.traceparent, p_at
      FROM unnest(p_epochs, p_seqs, p_prevs, p_hashes, p_headers, p_datas, p_traceparents)
        AS e(epoch, seq, prev, hash, header, data, traceparent);
    SELECT coalesce(jsonb_object_agg(held.subject, held.first), '{}') INTO blocked
      FROM (SELECT s.subject, p_log || ':' || (array_agg(q.epoch || ':' || q.seq ORDER BY q.seq))[1] AS first
              FROM chassis.quarantine q, unnest(q.subjects) AS s(subject)
             WHERE q.log = p_log AND q.subjects && p_subjects GROUP BY s.subject) AS held;
    SELECT coalesce(jsonb_agg(jsonb_build_array(d.epoch, d.seq)), '[]') INTO discarded
      FROM chassis.discarded d WHERE d.log = p_log AND d.seq BETWEEN p_seqs[1] AND p_seqs[n];
END $$;
"""


def upgrade() -> None:
    op.execute(KEEP_BATCH)
