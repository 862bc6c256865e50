"""The start gate, restores and forks: what is open, what was not recovered, which branches met and which was kept."""

from alembic import op

revision = "0002"
down_revision = "0001"

GATE = """
-- Which server and which file the head was judged in: a database that was restarted, brought back or copied differs.
ALTER TABLE chassis.log_head ADD COLUMN opened_server timestamptz, ADD COLUMN opened_file text;

CREATE FUNCTION chassis.refuse_append() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'TD003', MESSAGE = 'the gate of this log is shut';
END $$;

CREATE TRIGGER gate BEFORE UPDATE OF seq ON chassis.log_head FOR EACH ROW
WHEN ((OLD.opened_server IS DISTINCT FROM pg_postmaster_start_time()
       OR OLD.opened_file IS DISTINCT FROM pg_relation_filepath('chassis.log_head'))
      AND current_setting('thidua.restoring', true) IS DISTINCT FROM 'on')
EXECUTE FUNCTION chassis.refuse_append();

-- Why the gate is shut; no row when it is open or was not judged yet.
CREATE TABLE chassis.gate (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    findings jsonb NOT NULL,
    silent   text[] NOT NULL
);

-- Where each epoch was opened.
CREATE INDEX log_epochs ON chassis.log (epoch, seq) WHERE type = 'chassis.epoch-opened.v1';
"""

RESTORE = """
-- Every restore of this log, the unfinished one included: it goes on from where the log ends.
CREATE TABLE chassis.restoring (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reason      text NOT NULL,
    by          text NOT NULL,
    without     text[] NOT NULL,
    keep        text,
    began_at    timestamptz NOT NULL,
    from_seq    bigint NOT NULL,
    reached_seq bigint NOT NULL,
    known_seq   bigint NOT NULL,
    step        text NOT NULL,
    trouble     text,
    finished_at timestamptz
);

-- Ranges of an epoch that nobody held any more when the next one was opened. to_seq: the last one proved to have
-- existed; nothing of that epoch after from_seq exists any more, whether it was proved or not.
CREATE TABLE chassis.not_recovered (
    log      text NOT NULL,
    epoch    integer NOT NULL,
    from_seq bigint NOT NULL,
    to_seq   bigint NOT NULL,
    opened   integer NOT NULL,
    PRIMARY KEY (log, epoch)
);
"""

FORKS = """
-- Each followed log that was found to have two branches, in which of four ways, and what people decided.
CREATE TABLE chassis.fork (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    log        text NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('another-hash', 'broken-link', 'epoch-below', 'head-behind')),
    reason     text NOT NULL,
    mark       jsonb NOT NULL,
    seen       jsonb,
    found_at   timestamptz NOT NULL,
    decided_at timestamptz,
    kept       text
);
CREATE UNIQUE INDEX fork_undecided ON chassis.fork (log) WHERE decided_at IS NULL;

-- Events of branches that were not kept, own and followed, byte for byte: listed with their receipts, never gone.
CREATE TABLE chassis.voided (
    log        text NOT NULL,
    epoch      integer NOT NULL,
    seq        bigint NOT NULL,
    prev       bytea NOT NULL,
    hash       bytea NOT NULL,
    header     bytea NOT NULL,
    data       bytea NOT NULL,
    traceparent text,
    kept       text NOT NULL,
    reason     text NOT NULL,
    by         text NOT NULL,
    voided_at  timestamptz NOT NULL,
    PRIMARY KEY (log, epoch, seq, hash)
);
"""


def upgrade() -> None:
    for script in (GATE, RESTORE, FORKS):
        op.execute(script)
