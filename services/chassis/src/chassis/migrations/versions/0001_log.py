"""The log and everything that moves along it. These tables live in schema ``chassis`` beside a service's own."""

from alembic import op

revision = "0001"
down_revision = None

LOG = """
CREATE TABLE chassis.log (
    seq         bigint PRIMARY KEY,
    epoch       integer NOT NULL,
    prev        bytea NOT NULL,
    hash        bytea NOT NULL,
    type        text NOT NULL,
    correlation text NOT NULL,
    header      bytea NOT NULL,
    data        bytea NOT NULL,
    traceparent text,
    appended_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX log_correlation ON chassis.log (correlation, seq);

-- One row: where the log ends. Locking it is what makes seq gapless.
CREATE TABLE chassis.log_head (
    one   boolean PRIMARY KEY DEFAULT true CHECK (one),
    log   text NOT NULL,
    epoch integer NOT NULL,
    seq   bigint NOT NULL,
    hash  bytea NOT NULL
);

-- The last event that changed each aggregate: its ETag, and what optimistic commands guard.
CREATE TABLE chassis.aggregate (
    subject text PRIMARY KEY,
    epoch   integer NOT NULL,
    seq     bigint NOT NULL
);

CREATE TABLE chassis.idempotency (
    scope     text NOT NULL,
    key       text NOT NULL,
    body_hash text NOT NULL,
    status    integer NOT NULL,
    epoch     integer NOT NULL,
    first_seq bigint NOT NULL,
    last_seq  bigint NOT NULL,
    PRIMARY KEY (scope, key)
);
"""

# Refusals of append carry SQLSTATE classes of our own: TD001 stale version, TD002 malformed event.
APPEND = r"""
CREATE FUNCTION chassis.append(
    p_types text[], p_correlations text[], p_headers bytea[], p_datas bytea[], p_subjects jsonb,
    p_traceparent text,
    p_guarded text[], p_versions bigint[],
    p_scope text, p_key text, p_body_hash text, p_status integer
) RETURNS TABLE (log text, epoch integer, first_seq bigint, last_seq bigint, hash bytea)
LANGUAGE plpgsql AS $$
DECLARE
    head   chassis.log_head;
    prior  bytea;
    link   bytea;
    n      integer := cardinality(p_types);
    stale  text;
BEGIN
    SELECT * INTO STRICT head FROM chassis.log_head FOR UPDATE;
    IF cardinality(p_guarded) > 0 THEN
        SELECT g.subject INTO stale
          FROM unnest(p_guarded, p_versions) AS g(subject, version)
          LEFT JOIN chassis.aggregate a ON a.subject = g.subject
         WHERE coalesce(a.seq, 0) <> g.version LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'TD001', MESSAGE = stale;
        END IF;
    END IF;
    prior := head.hash;
    FOR i IN 1..n LOOP
        IF length(p_headers[i]) + length(p_datas[i]) > 262144 THEN
            RAISE EXCEPTION USING ERRCODE = 'TD002',
                MESSAGE = format('event %s of %s bytes is over 262144', p_types[i],
                                 length(p_headers[i]) + length(p_datas[i]));
        END IF;
        IF get_byte(p_headers[i], 0) <> 123 OR get_byte(p_headers[i], length(p_headers[i]) - 1) <> 125
           OR position('\x0a'::bytea IN p_headers[i]) > 0 OR position('\x0d'::bytea IN p_headers[i]) > 0 THEN
            RAISE EXCEPTION USING ERRCODE = 'TD002',
                MESSAGE = format('header of %s is not one line of JSON without leading or trailing blanks', p_types[i]);
        END IF;
        link := sha256(prior || int4send(head.epoch) || int8send(head.seq + i)
                       || sha256(p_headers[i]) || sha256(p_datas[i]));
        INSERT INTO chassis.log (seq, epoch, prev, hash, type, correlation, header, data, traceparent)
        VALUES (head.seq + i, head.epoch, prior, link, p_types[i], p_correlations[i], p_headers[i], p_datas[i],
                p_traceparent);
        prior := link;
    END LOOP;
    INSERT INTO chassis.aggregate AS a (subject, epoch, seq)
    SELECT s.subject, head.epoch, max(head.seq + e.nr)
      FROM jsonb_array_elements(p_subjects) WITH ORDINALITY AS e(subjects, nr),
           jsonb_array_elements_text(e.subjects) AS s(subject)
     GROUP BY s.subject
    ON CONFLICT (subject) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq;
    UPDATE chassis.log_head SET seq = head.seq + n, hash = prior;
    IF p_scope IS NOT NULL THEN
        INSERT INTO chassis.idempotency (scope, key, body_hash, status, epoch, first_seq, last_seq)
        VALUES (p_scope, p_key, p_body_hash, p_status, head.epoch, head.seq + 1, head.seq + n);
    END IF;
    RETURN QUERY SELECT head.log, head.epoch, head.seq + 1, head.seq + n, prior;
END $$;
"""

COURIER = """
-- How far the relay got: the last event of the contiguous acknowledged prefix, per destination.
CREATE TABLE chassis.relay_cursor (
    destination text PRIMARY KEY,
    epoch       integer NOT NULL,
    seq         bigint NOT NULL,
    hash        bytea NOT NULL
);

-- How far this service follows other logs. Moved by compare-and-set in the transaction that applies.
CREATE TABLE chassis.mark (
    log   text PRIMARY KEY,
    epoch integer NOT NULL,
    seq   bigint NOT NULL,
    hash  bytea NOT NULL
);

-- How far others say that they follow this log: what makes a receipt read *at the centre*.
CREATE TABLE chassis.follower_mark (
    follower text PRIMARY KEY,
    epoch    integer NOT NULL,
    seq      bigint NOT NULL,
    hash     bytea NOT NULL,
    told_at  timestamptz NOT NULL
);

-- Every event taken, byte for byte as received: forks, gaps, restores, rebuilds and reactions read it.
CREATE TABLE chassis.received (
    log         text NOT NULL,
    epoch       integer NOT NULL,
    seq         bigint NOT NULL,
    prev        bytea NOT NULL,
    hash        bytea NOT NULL,
    header      bytea NOT NULL,
    data        bytea NOT NULL,
    traceparent text,
    received_at timestamptz NOT NULL
) PARTITION BY RANGE (received_at);
CREATE INDEX received_key ON chassis.received (log, seq);
CREATE TABLE chassis.received_default PARTITION OF chassis.received DEFAULT;

CREATE TABLE chassis.quarantine (
    log        text NOT NULL,
    epoch      integer NOT NULL,
    seq        bigint NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('refused', 'schema', 'version', 'behind')),
    rule       text NOT NULL,
    reason     text NOT NULL,
    subjects   text[] NOT NULL,
    held_at    timestamptz NOT NULL,
    PRIMARY KEY (log, epoch, seq)
);
CREATE INDEX quarantine_subjects ON chassis.quarantine USING gin (subjects);

-- Events named by an EventDiscarded of this service's own log: they bind every rebuild.
CREATE TABLE chassis.discarded (
    log   text NOT NULL,
    epoch integer NOT NULL,
    seq   bigint NOT NULL,
    PRIMARY KEY (log, epoch, seq)
);

-- How far each reaction has looked, and what still waits for something that is not here yet.
CREATE TABLE chassis.reaction_cursor (
    reaction text NOT NULL,
    log      text NOT NULL,
    seq      bigint NOT NULL,
    PRIMARY KEY (reaction, log)
);
CREATE TABLE chassis.wait (
    reaction    text NOT NULL,
    log         text NOT NULL,
    epoch       integer NOT NULL,
    seq         bigint NOT NULL,
    waiting_for text NOT NULL,
    since       timestamptz NOT NULL,
    PRIMARY KEY (reaction, log, epoch, seq)
);
"""


def upgrade() -> None:
    for script in (LOG, APPEND, COURIER):
        op.execute(script)
