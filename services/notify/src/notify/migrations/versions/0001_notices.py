"""The tables of notify: what each followed log says of those to be told, and notify's own log of notices."""

from alembic import op
from standing import SCHEMA

revision = "0001"
down_revision = None

FROM_REGISTRY = """
CREATE TABLE cluster (
    cluster_id text PRIMARY KEY,
    name       text NOT NULL,
    bloc       boolean NOT NULL,
    run_by     text NOT NULL
);
CREATE TABLE cluster_member (
    cluster_id text NOT NULL,
    unit_id    text NOT NULL,
    starts     date NOT NULL,
    ends       date,
    PRIMARY KEY (cluster_id, unit_id, starts)
);
CREATE TABLE cluster_leadership (
    cluster_id     text NOT NULL,
    year_id        text NOT NULL,
    lead_unit_id   text NOT NULL,
    deputy_unit_id text NOT NULL,
    PRIMARY KEY (cluster_id, year_id)
);
CREATE TABLE deadline (
    deadline_id text PRIMARY KEY,
    cluster_id  text NOT NULL,
    year_id     text NOT NULL,
    filing      text NOT NULL,
    due         timestamptz NOT NULL,
    hard_close  timestamptz NOT NULL,
    known_at    timestamptz NOT NULL
);
CREATE INDEX deadline_of ON deadline (cluster_id, year_id, filing);
CREATE TABLE deadline_extension (
    extension_id text PRIMARY KEY,
    deadline_id  text NOT NULL,
    unit_ids     text[],
    due          timestamptz NOT NULL,
    hard_close   timestamptz NOT NULL,
    known_at     timestamptz NOT NULL
);
CREATE INDEX deadline_extension_of ON deadline_extension (deadline_id);
CREATE TABLE filing (
    cluster_id text NOT NULL,
    year_id    text NOT NULL,
    filing     text NOT NULL,
    unit_id    text NOT NULL,
    subject    text NOT NULL UNIQUE,
    handed_in  boolean NOT NULL,
    handed_back_at timestamptz,
    awaits_since timestamptz,
    PRIMARY KEY (cluster_id, year_id, filing, unit_id)
);
CREATE INDEX filing_awaits ON filing (awaits_since) WHERE awaits_since IS NOT NULL;
"""

FROM_SCORING = """
CREATE TABLE rubric (
    rubric_id  text PRIMARY KEY,
    cluster_id text NOT NULL,
    year_id    text NOT NULL,
    version    integer NOT NULL,
    title      text NOT NULL,
    since      timestamptz NOT NULL,
    frozen     boolean NOT NULL
);
CREATE TABLE rubric_agreement (
    rubric_id text NOT NULL,
    version   integer NOT NULL,
    unit_id   text NOT NULL,
    PRIMARY KEY (rubric_id, version, unit_id)
);
CREATE TABLE ballot (
    ballot_id text PRIMARY KEY,
    voters    text[] NOT NULL
);
CREATE TABLE score_review (
    review_id    text PRIMARY KEY,
    scorecard_id text NOT NULL,
    unit_id      text NOT NULL,
    cluster_id   text NOT NULL,
    year_id      text NOT NULL,
    since        timestamptz NOT NULL,
    answered     boolean NOT NULL
);
"""

FROM_AWARDS = """
CREATE TABLE proposal (
    proposal_id    text PRIMARY KEY,
    recipient_kind text NOT NULL,
    recipient_id   text NOT NULL,
    proposed_by    text NOT NULL,
    stands_at      text NOT NULL
);
CREATE TABLE council_ballot (
    ballot_id text PRIMARY KEY,
    voters    text[] NOT NULL
);
CREATE TABLE recusal (
    proposal_id text NOT NULL,
    person_id   text NOT NULL,
    PRIMARY KEY (proposal_id, person_id)
);
CREATE INDEX recusal_of ON recusal (person_id);
"""

OWN = """
CREATE TABLE notification (
    notification_id text PRIMARY KEY,
    recipient    text NOT NULL,
    for_unit     text,
    topic        text NOT NULL,
    channel      text NOT NULL,
    about        text NOT NULL,
    params       jsonb NOT NULL,
    case_id      text NOT NULL,
    cause        text NOT NULL,
    due          timestamptz,
    intended_at  timestamptz NOT NULL,
    state        text NOT NULL,
    attempts     integer NOT NULL,
    settled_at   timestamptz,
    repeat       boolean NOT NULL,
    reason       text
);
CREATE INDEX notification_recipient ON notification (recipient, intended_at, notification_id);
CREATE INDEX notification_for_unit ON notification (for_unit) WHERE for_unit IS NOT NULL;
CREATE INDEX notification_case ON notification (case_id);
CREATE INDEX notification_unsent ON notification (intended_at, notification_id) WHERE state = 'intended';
CREATE TABLE notice_read (
    notification_id text NOT NULL,
    person_id       text NOT NULL,
    at              timestamptz NOT NULL,
    PRIMARY KEY (notification_id, person_id)
);
CREATE TABLE subscription (
    person_id text NOT NULL,
    channel   text NOT NULL,
    topic     text NOT NULL,
    wanted    boolean NOT NULL,
    PRIMARY KEY (person_id, channel, topic)
);
CREATE TABLE reminder_round (
    round_id text PRIMARY KEY,
    at       timestamptz NOT NULL
);
"""

# Which messages are between sending and recording: not a fact, only what a crash must not forget.
UNLOGGED = """
CREATE TABLE sending (
    notification_id text PRIMARY KEY,
    times           integer NOT NULL
);
"""


def upgrade() -> None:
    for part in (SCHEMA, FROM_REGISTRY, FROM_SCORING, FROM_AWARDS, OWN, UNLOGGED):
        for statement in part.split(";"):
            if statement.strip():
                op.execute(statement)
