"""The first tables of awards: what its own log feeds, and what it follows from registry and scoring."""

import standing
from alembic import op

revision = "0001"
down_revision = None

RULES = """
CREATE TABLE rule_set (
    rule_set_id  text PRIMARY KEY,
    name         text NOT NULL,
    issuer       text NOT NULL,
    issuing_unit text,
    legal_basis  text NOT NULL,
    starts       date NOT NULL,
    ends         date,
    hash         text NOT NULL,
    rules        jsonb NOT NULL
);
CREATE TABLE registration_test (
    unit_id    text NOT NULL,
    track      text NOT NULL,
    year_id    text NOT NULL,
    award_type text NOT NULL,
    tested     boolean NOT NULL,
    reason     text NOT NULL,
    PRIMARY KEY (unit_id, track, year_id, award_type)
);
"""

HISTORY = """
CREATE TABLE award_held (
    origin    text NOT NULL,
    entry_id  text NOT NULL,
    kind      text NOT NULL,
    id        text NOT NULL,
    title     text NOT NULL,
    year      integer NOT NULL,
    decision  jsonb NOT NULL,
    source    text NOT NULL,
    event_id  text NOT NULL,
    PRIMARY KEY (origin, entry_id)
);
CREATE INDEX award_held_recipient ON award_held (kind, id);
CREATE TABLE achievement (
    achievement_id text PRIMARY KEY,
    recipient_kind text NOT NULL,
    recipient_id   text NOT NULL,
    kind           text NOT NULL,
    scope          text NOT NULL,
    year           integer NOT NULL,
    applied        boolean NOT NULL,
    name           text NOT NULL,
    paper          jsonb NOT NULL,
    source         text NOT NULL,
    event_id       text NOT NULL
);
CREATE INDEX achievement_recipient ON achievement (recipient_kind, recipient_id);
CREATE TABLE history_looked (
    event_id text PRIMARY KEY,
    kind     text NOT NULL,
    id       text NOT NULL,
    since    integer,
    until    integer NOT NULL,
    paper    jsonb NOT NULL
);
CREATE INDEX history_looked_recipient ON history_looked (kind, id);
"""

PROPOSALS = """
CREATE TABLE proposal (
    proposal_id       text PRIMARY KEY,
    recipient_kind    text NOT NULL,
    recipient_id      text NOT NULL,
    unit_id           text NOT NULL,
    title             text NOT NULL,
    proposed_by       text NOT NULL,
    year_id           text,
    year              integer NOT NULL,
    award_type        text NOT NULL,
    track             text NOT NULL,
    channel           text NOT NULL,
    route             text,
    basis             jsonb NOT NULL,
    shares            jsonb NOT NULL,
    drafted           boolean NOT NULL,
    status            text NOT NULL,
    body              text NOT NULL,
    stage             text,
    sent_from         text NOT NULL,
    revision          integer NOT NULL,
    received          date,
    rule_set_id       text NOT NULL,
    outcome           text NOT NULL,
    assessment        jsonb NOT NULL,
    doubles           jsonb NOT NULL,
    recommendation    text,
    recommended_title text,
    why               text,
    rule              text,
    decision_id       text,
    correlation       text NOT NULL
);
CREATE INDEX proposal_recipient ON proposal (recipient_kind, recipient_id, year);
CREATE INDEX proposal_body ON proposal (body, status);
CREATE TABLE proposal_sight (
    proposal_id text NOT NULL,
    unit_id     text NOT NULL,
    PRIMARY KEY (proposal_id, unit_id)
);
CREATE INDEX proposal_sight_unit ON proposal_sight (unit_id);
CREATE TABLE proposal_step (
    event_id    text PRIMARY KEY,
    proposal_id text NOT NULL,
    type        text NOT NULL,
    at          timestamptz NOT NULL,
    received    timestamptz NOT NULL,
    typed_by    text NOT NULL,
    means       text NOT NULL,
    body        text,
    stage       text,
    told        text,
    paper       jsonb
);
CREATE INDEX proposal_step_proposal ON proposal_step (proposal_id, at);
CREATE TABLE settlement (
    proposal_id text NOT NULL,
    condition   text NOT NULL,
    outcome     text NOT NULL,
    by          jsonb NOT NULL,
    PRIMARY KEY (proposal_id, condition)
);
CREATE TABLE dossier_item (
    proposal_id text NOT NULL,
    item        text NOT NULL,
    name        text NOT NULL,
    paper       jsonb NOT NULL,
    note        text,
    PRIMARY KEY (proposal_id, item)
);
"""

COUNCILS = """
CREATE TABLE council (
    council_id text PRIMARY KEY,
    unit_id    text NOT NULL,
    name       text NOT NULL,
    track      text NOT NULL,
    threshold  jsonb NOT NULL,
    thresholds jsonb NOT NULL,
    starts     date NOT NULL,
    ends       date,
    decision   jsonb NOT NULL
);
CREATE INDEX council_unit ON council (unit_id, track);
CREATE TABLE council_seat (
    council_id text NOT NULL,
    number     integer NOT NULL,
    person_id  text NOT NULL,
    office     text NOT NULL,
    unit_id    text,
    PRIMARY KEY (council_id, person_id)
);
CREATE INDEX council_seat_person ON council_seat (person_id);
CREATE TABLE recusal (
    council_id  text NOT NULL,
    proposal_id text NOT NULL,
    person_id   text NOT NULL,
    reason      text NOT NULL,
    PRIMARY KEY (proposal_id, person_id, council_id)
);
CREATE TABLE council_ballot (
    ballot_id   text PRIMARY KEY,
    council_id  text NOT NULL,
    proposal_id text NOT NULL,
    title       text NOT NULL,
    way         text NOT NULL,
    opened      jsonb NOT NULL,
    counted     jsonb,
    result      jsonb
);
CREATE INDEX council_ballot_proposal ON council_ballot (proposal_id);
CREATE TABLE council_vote (
    ballot_id text NOT NULL,
    voter     text NOT NULL,
    choice    text NOT NULL,
    PRIMARY KEY (ballot_id, voter)
);
CREATE TABLE council_conclusion (
    event_id       text NOT NULL,
    proposal_id    text NOT NULL,
    council_id     text NOT NULL,
    recommendation text NOT NULL,
    title          text NOT NULL,
    ballot_id      text,
    reason         text,
    minutes        jsonb NOT NULL,
    PRIMARY KEY (event_id, proposal_id)
);
CREATE INDEX council_conclusion_proposal ON council_conclusion (proposal_id);
"""

DECISIONS = """
CREATE TABLE decision (
    decision_id  text PRIMARY KEY,
    issuing_body text NOT NULL,
    year         integer NOT NULL,
    kind         text NOT NULL,
    number       text NOT NULL,
    date         date NOT NULL,
    signatory    text NOT NULL,
    scan         text,
    CONSTRAINT decision_number UNIQUE (issuing_body, year, kind, number)
);
CREATE TABLE award (
    award_id     text PRIMARY KEY,
    decision_id  text NOT NULL,
    proposal_id  text NOT NULL,
    kind         text NOT NULL,
    id           text NOT NULL,
    unit_id      text NOT NULL,
    title        text NOT NULL,
    award_type   text NOT NULL,
    year         integer NOT NULL,
    issuing_body text NOT NULL,
    proposed_by  text NOT NULL,
    campaign_id  text
);
CREATE INDEX award_decision ON award (decision_id);
CREATE INDEX award_quota ON award (issuing_body, title, year);
"""

REGISTRY = """
CREATE TABLE emulation_year (
    year_id             text PRIMARY KEY,
    calendar_year       integer NOT NULL,
    tested_registration boolean NOT NULL,
    begun_on_paper      boolean NOT NULL
);
CREATE TABLE registered (
    registration_id text PRIMARY KEY,
    year_id         text NOT NULL,
    cluster_id      text NOT NULL,
    unit_id         text NOT NULL,
    state           text NOT NULL,
    titles          jsonb NOT NULL,
    event_id        text NOT NULL
);
CREATE INDEX registered_unit ON registered (year_id, unit_id);
CREATE TABLE rating (
    kind     text NOT NULL,
    id       text NOT NULL,
    year     integer NOT NULL,
    grade    text NOT NULL,
    decision jsonb,
    event_id text NOT NULL,
    PRIMARY KEY (kind, id, year)
);
CREATE TABLE discipline (
    discipline_id text PRIMARY KEY,
    kind          text NOT NULL,
    id            text NOT NULL,
    date          date NOT NULL,
    measure       text NOT NULL,
    decision      jsonb NOT NULL,
    event_id      text NOT NULL
);
CREATE INDEX discipline_subject ON discipline (kind, id);
CREATE TABLE clean_record (
    statement_id text PRIMARY KEY,
    kind         text NOT NULL,
    id           text NOT NULL,
    year         integer NOT NULL,
    paper        jsonb NOT NULL,
    event_id     text NOT NULL
);
CREATE INDEX clean_record_subject ON clean_record (kind, id);
CREATE TABLE post (
    post_id   text PRIMARY KEY,
    person_id text NOT NULL,
    unit_id   text NOT NULL,
    starts    date NOT NULL,
    ends      date
);
CREATE INDEX post_person ON post (person_id);
CREATE INDEX post_unit ON post (unit_id);
CREATE TABLE person_joined (
    joined_id text PRIMARY KEY,
    kept_id   text NOT NULL
);
CREATE TABLE campaign (
    campaign_id text PRIMARY KEY,
    title       text NOT NULL,
    starts      date NOT NULL,
    ends        date,
    closed      boolean NOT NULL,
    event_id    text NOT NULL
);
CREATE TABLE cluster (
    cluster_id text PRIMARY KEY,
    name       text NOT NULL,
    run_by     text NOT NULL
);
CREATE TABLE cluster_lead (
    cluster_id   text NOT NULL,
    year_id      text NOT NULL,
    lead_unit_id text NOT NULL,
    PRIMARY KEY (cluster_id, year_id)
);
"""

SCORING = """
CREATE TABLE cluster_place (
    cluster_id     text NOT NULL,
    year_id        text NOT NULL,
    unit_id        text NOT NULL,
    classification text NOT NULL,
    event_id       text NOT NULL,
    PRIMARY KEY (cluster_id, year_id, unit_id)
);
CREATE INDEX cluster_place_unit ON cluster_place (unit_id, year_id);
"""


def upgrade() -> None:
    for part in (RULES, HISTORY, PROPOSALS, COUNCILS, DECISIONS, REGISTRY, SCORING, standing.SCHEMA):
        op.execute(part)
