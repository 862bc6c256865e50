"""The first shape of scoring's tables: what it follows of registry, and its own rubrics, cards, ballots, results."""

from alembic import op
from standing import SCHEMA

revision = "0001"
down_revision = None

FOLLOWED = """
CREATE TABLE cluster (
    cluster_id text PRIMARY KEY,
    name       text NOT NULL,
    kind       text NOT NULL,
    run_by     text NOT NULL
);
CREATE TABLE cluster_member (
    cluster_id text NOT NULL,
    unit_id    text NOT NULL,
    starts     date NOT NULL,
    ends       date,
    PRIMARY KEY (cluster_id, unit_id, starts)
);
CREATE INDEX cluster_member_unit ON cluster_member (unit_id);
CREATE TABLE leadership (
    cluster_id     text NOT NULL,
    year_id        text NOT NULL,
    lead_unit_id   text NOT NULL,
    deputy_unit_id text NOT NULL,
    PRIMARY KEY (cluster_id, year_id)
);
CREATE TABLE emulation_year (
    year_id text PRIMARY KEY,
    label   text NOT NULL,
    starts  date NOT NULL,
    ends    date NOT NULL
);
CREATE TABLE filing (
    subject           text PRIMARY KEY,
    kind              text NOT NULL,
    cluster_id        text NOT NULL,
    year_id           text NOT NULL,
    unit_id           text NOT NULL,
    revision          integer NOT NULL,
    state             text NOT NULL,
    punctuality       text,
    awaits            boolean NOT NULL,
    contested         boolean NOT NULL,
    means             text NOT NULL,
    typed_by          text NOT NULL,
    submitted         timestamptz NOT NULL,
    content           jsonb NOT NULL,
    received_content  jsonb,
    received_revision integer,
    received_at       timestamptz
);
CREATE INDEX filing_of ON filing (cluster_id, year_id, kind);
CREATE TABLE filing_accepted_late (
    subject      text PRIMARY KEY,
    penalty_kept boolean NOT NULL,
    reason       text NOT NULL
);
CREATE TABLE filing_missed (
    deadline_id text NOT NULL,
    unit_id     text NOT NULL,
    kind        text NOT NULL,
    cluster_id  text NOT NULL,
    year_id     text NOT NULL,
    PRIMARY KEY (deadline_id, unit_id)
);
"""

RUBRICS = """
CREATE TABLE rubric (
    rubric_id       text PRIMARY KEY,
    cluster_id      text NOT NULL,
    year_id         text NOT NULL,
    version         integer NOT NULL,
    drafted_by_unit text NOT NULL,
    frozen_version  integer,
    frozen_hash     text,
    frozen_at       timestamptz
);
CREATE INDEX rubric_of ON rubric (cluster_id, year_id);
CREATE TABLE rubric_version (
    rubric_id text NOT NULL,
    version   integer NOT NULL,
    title     text NOT NULL,
    form      jsonb NOT NULL,
    by_unit   text NOT NULL,
    reasons   text,
    at        timestamptz NOT NULL,
    PRIMARY KEY (rubric_id, version)
);
CREATE TABLE rubric_comment (
    comment_id text PRIMARY KEY,
    rubric_id  text NOT NULL,
    version    integer NOT NULL,
    unit_id    text NOT NULL,
    code       text,
    comment    text NOT NULL,
    typed_by   text NOT NULL,
    means      text NOT NULL,
    at         timestamptz NOT NULL
);
CREATE INDEX rubric_comment_of ON rubric_comment (rubric_id);
CREATE TABLE rubric_agreed (
    rubric_id text NOT NULL,
    version   integer NOT NULL,
    unit_id   text NOT NULL,
    typed_by  text NOT NULL,
    means     text NOT NULL,
    made      timestamptz NOT NULL,
    paper     jsonb,
    PRIMARY KEY (rubric_id, version, unit_id)
);
CREATE TABLE agreement (
    agreement_id text PRIMARY KEY,
    cluster_id   text NOT NULL,
    year_id      text NOT NULL,
    data         jsonb NOT NULL
);
CREATE INDEX agreement_of ON agreement (cluster_id, year_id);
"""

CARDS = """
CREATE TABLE scorecard (
    scorecard_id text PRIMARY KEY,
    cluster_id   text NOT NULL,
    year_id      text NOT NULL,
    unit_id      text NOT NULL,
    appraised_at timestamptz,
    council_at   timestamptz,
    final        jsonb,
    finalized_at timestamptz
);
CREATE INDEX scorecard_of ON scorecard (cluster_id, year_id);
CREATE TABLE line_entry (
    scorecard_id text NOT NULL,
    layer        text NOT NULL,
    code         text NOT NULL,
    turn         integer NOT NULL,
    data         jsonb NOT NULL,
    by_unit      text NOT NULL,
    typed_by     text NOT NULL,
    at           timestamptz NOT NULL,
    review_id    text,
    PRIMARY KEY (scorecard_id, layer, code, turn)
);
CREATE TABLE score_review (
    review_id    text PRIMARY KEY,
    scorecard_id text NOT NULL,
    data         jsonb NOT NULL,
    typed_by     text NOT NULL,
    asked_at     timestamptz NOT NULL,
    answer       jsonb,
    answered_by  text,
    answered_at  timestamptz
);
CREATE INDEX score_review_of ON score_review (scorecard_id);
"""

VOTES = """
CREATE TABLE ballot (
    ballot_id   text PRIMARY KEY,
    cluster_id  text NOT NULL,
    year_id     text NOT NULL,
    purpose     text NOT NULL,
    opened      jsonb NOT NULL,
    opened_at   timestamptz NOT NULL,
    count       jsonb,
    closed      jsonb,
    closed_turn integer
);
CREATE INDEX ballot_of ON ballot (cluster_id, year_id);
CREATE TABLE ballot_vote (
    ballot_id     text NOT NULL,
    voter_unit_id text NOT NULL,
    choices       jsonb NOT NULL,
    typed_by      text NOT NULL,
    at            timestamptz NOT NULL,
    PRIMARY KEY (ballot_id, voter_unit_id)
);
CREATE TABLE ranking (
    ranking_id text PRIMARY KEY,
    cluster_id text NOT NULL,
    year_id    text NOT NULL,
    data       jsonb NOT NULL,
    at         timestamptz NOT NULL,
    UNIQUE (cluster_id, year_id)
);
CREATE TABLE conference (
    conference_id text PRIMARY KEY,
    cluster_id    text NOT NULL,
    year_id       text NOT NULL,
    data          jsonb NOT NULL,
    UNIQUE (cluster_id, year_id)
);
"""


def upgrade() -> None:
    op.execute(SCHEMA)
    op.execute(FOLLOWED)
    op.execute(RUBRICS)
    op.execute(CARDS)
    op.execute(VOTES)
