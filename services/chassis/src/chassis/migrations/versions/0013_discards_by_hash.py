"""A discard names an event by its hash: where a log forked, another event may stand at the same place of it."""

from alembic import op
from chassis.migrations.functions import with_other_part

revision = "0013"
down_revision = "0012"

# The own log is what says so; the table is made again from it.
AGAIN = """
DROP TABLE chassis.discarded;
CREATE TABLE chassis.discarded (
    log  text NOT NULL,
    seq  bigint NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (log, hash)
);
INSERT INTO chassis.discarded (log, seq, hash)
SELECT said ->> 'log', (said ->> 'seq')::bigint, decode(said ->> 'hash', 'hex')
  FROM (SELECT convert_from(data, 'UTF8')::jsonb AS said FROM chassis.log WHERE type = 'chassis.event-discarded.v1')
    AS facts ON CONFLICT DO NOTHING;
"""

BY_SEQ = """SELECT coalesce(jsonb_agg(jsonb_build_array(d.epoch, d.seq)), '[]') INTO discarded
      FROM chassis.discarded d WHERE d.log = p_log AND d.seq BETWEEN p_seqs[1] AND p_seqs[n];"""
BY_HASH = """SELECT coalesce(jsonb_agg(encode(d.hash, 'hex')), '[]') INTO discarded
      FROM chassis.discarded d WHERE d.log = p_log AND d.hash = ANY(p_hashes);"""


def upgrade() -> None:
    op.execute(AGAIN)
    op.execute(with_other_part("keep_batch", BY_SEQ, BY_HASH))
