"""The first shape of registry's tables: persons, units, clusters, years, plans, campaigns, filings."""

from alembic import op
from standing import SCHEMA

revision = "0001"
down_revision = None

PERSONS = """
CREATE TABLE person (
    person_id   text PRIMARY KEY,
    joined_into text,
    entered     timestamptz NOT NULL
);
CREATE INDEX person_joined ON person (joined_into) WHERE joined_into IS NOT NULL;
CREATE TABLE persons_apart (
    one    text NOT NULL,
    other  text NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (one, other)
);
CREATE TABLE post (
    post_id       text PRIMARY KEY,
    person_id     text NOT NULL,
    unit_id       text NOT NULL,
    post          text NOT NULL,
    direct_worker boolean NOT NULL,
    starts        date NOT NULL,
    ends          date,
    decision      jsonb,
    reason        text
);
CREATE INDEX post_person ON post (person_id);
CREATE INDEX post_unit ON post (unit_id);
CREATE TABLE office (
    office_id text PRIMARY KEY,
    person_id text NOT NULL,
    unit_id   text NOT NULL,
    office    text NOT NULL,
    starts    date NOT NULL,
    ends      date,
    decision  jsonb,
    reason    text
);
CREATE INDEX office_person ON office (person_id);
CREATE INDEX office_unit ON office (unit_id);
CREATE TABLE grant_given (
    grant_id     text PRIMARY KEY,
    person_id    text NOT NULL,
    role         text NOT NULL,
    unit_id      text NOT NULL,
    starts       date NOT NULL,
    ends         date,
    delegated_by text,
    paper        jsonb,
    reason       text
);
CREATE INDEX grant_given_person ON grant_given (person_id);
CREATE INDEX grant_given_unit ON grant_given (unit_id);
CREATE TABLE rating (
    subject_kind text NOT NULL,
    subject_id   text NOT NULL,
    year         integer NOT NULL,
    rating_id    text NOT NULL UNIQUE,
    rating       text NOT NULL,
    decision     jsonb,
    source       text NOT NULL,
    PRIMARY KEY (subject_kind, subject_id, year)
);
CREATE TABLE discipline (
    discipline_id text PRIMARY KEY,
    subject_kind  text NOT NULL,
    subject_id    text NOT NULL,
    date          date NOT NULL,
    starts        date,
    ends          date,
    measure       text NOT NULL,
    decision      jsonb NOT NULL,
    source        text NOT NULL
);
CREATE INDEX discipline_subject ON discipline (subject_kind, subject_id);
CREATE TABLE clean_record (
    statement_id text PRIMARY KEY,
    subject_kind text NOT NULL,
    subject_id   text NOT NULL,
    year         integer NOT NULL,
    paper        jsonb NOT NULL
);
CREATE INDEX clean_record_subject ON clean_record (subject_kind, subject_id);
"""

# One table for each thing that changes by itself: a change that is recorded late then splits only its own history.
UNITS = """
CREATE TABLE unit_life (
    unit_id    text NOT NULL,
    level      text NOT NULL,
    kind       text NOT NULL,
    successors jsonb,
    decision   jsonb,
    closing    jsonb,
    valid      daterange NOT NULL,
    PRIMARY KEY (unit_id, valid WITHOUT OVERLAPS)
);
CREATE TABLE unit_name (
    unit_id  text NOT NULL,
    code     text NOT NULL,
    name     text NOT NULL,
    decision jsonb,
    valid    daterange NOT NULL,
    PRIMARY KEY (unit_id, valid WITHOUT OVERLAPS),
    FOREIGN KEY (unit_id, PERIOD valid) REFERENCES unit_life (unit_id, PERIOD valid) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX unit_name_code ON unit_name (code);
CREATE TABLE unit_place (
    unit_id   text NOT NULL,
    parent_id text,
    province  text,
    decision  jsonb,
    valid     daterange NOT NULL,
    PRIMARY KEY (unit_id, valid WITHOUT OVERLAPS),
    FOREIGN KEY (unit_id, PERIOD valid) REFERENCES unit_life (unit_id, PERIOD valid) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX unit_place_parent ON unit_place (parent_id);
CREATE TABLE unit_contact (
    unit_id  text NOT NULL,
    contacts jsonb,
    valid    daterange NOT NULL,
    PRIMARY KEY (unit_id, valid WITHOUT OVERLAPS),
    FOREIGN KEY (unit_id, PERIOD valid) REFERENCES unit_life (unit_id, PERIOD valid) DEFERRABLE INITIALLY DEFERRED
);
"""

CLUSTERS_AND_YEARS = """
CREATE TABLE cluster (
    cluster_id text PRIMARY KEY,
    name       text NOT NULL,
    kind       text NOT NULL,
    run_by     text NOT NULL,
    effective  date NOT NULL,
    paper      jsonb
);
CREATE TABLE cluster_member (
    cluster_id text NOT NULL,
    unit_id    text NOT NULL,
    paper      jsonb,
    reason     text,
    valid      daterange NOT NULL,
    PRIMARY KEY (cluster_id, unit_id, valid WITHOUT OVERLAPS)
);
CREATE INDEX cluster_member_unit ON cluster_member (unit_id);
CREATE TABLE cluster_leadership (
    cluster_id     text NOT NULL,
    year_id        text NOT NULL,
    lead_unit_id   text NOT NULL,
    deputy_unit_id text NOT NULL,
    basis          text NOT NULL,
    paper          jsonb,
    PRIMARY KEY (cluster_id, year_id)
);
CREATE TABLE emulation_year (
    year_id             text PRIMARY KEY,
    label               text NOT NULL,
    kind                text NOT NULL,
    calendar_year       integer NOT NULL,
    starts              date NOT NULL,
    ends                date NOT NULL,
    tested_registration boolean NOT NULL,
    begun_on_paper      boolean NOT NULL
);
CREATE TABLE deadline (
    deadline_id   text PRIMARY KEY,
    year_id       text NOT NULL,
    cluster_id    text NOT NULL,
    filing        text NOT NULL,
    due           timestamptz NOT NULL,
    due_day       date NOT NULL,
    grace_until   timestamptz NOT NULL,
    hard_close    timestamptz NOT NULL,
    rest_day_rule text NOT NULL,
    weekday       smallint NOT NULL,
    moved_from    date,
    paper         jsonb,
    UNIQUE (cluster_id, year_id, filing)
);
CREATE TABLE deadline_extension (
    extension_id text NOT NULL,
    deadline_id  text NOT NULL,
    nr           integer NOT NULL,
    unit_id      text,
    due          timestamptz NOT NULL,
    grace_until  timestamptz NOT NULL,
    hard_close   timestamptz NOT NULL,
    reason       text NOT NULL,
    paper        jsonb,
    PRIMARY KEY (extension_id, nr)
);
CREATE INDEX deadline_extension_deadline ON deadline_extension (deadline_id);
"""

PLANS_AND_CAMPAIGNS = """
CREATE TABLE plan (
    plan_id    text PRIMARY KEY,
    number     text NOT NULL,
    date       date NOT NULL,
    kind       text NOT NULL,
    body       text NOT NULL,
    year_id    text NOT NULL,
    title      text NOT NULL,
    signatory  text,
    recipients jsonb NOT NULL,
    sides      jsonb NOT NULL
);
CREATE INDEX plan_year ON plan (year_id);
CREATE TABLE plan_number (
    body    text NOT NULL,
    year    integer NOT NULL,
    kind    text NOT NULL,
    number  text NOT NULL,
    plan_id text NOT NULL,
    PRIMARY KEY (body, year, kind, number)
);
CREATE TABLE plan_task (
    plan_id  text NOT NULL,
    no       text NOT NULL,
    place    integer NOT NULL,
    text     text NOT NULL,
    bodies   jsonb NOT NULL,
    unit_ids jsonb NOT NULL,
    quarter  text,
    starts   date,
    ends     date,
    deadline date,
    if_any   boolean NOT NULL,
    outcome  text,
    note     text,
    PRIMARY KEY (plan_id, no)
);
CREATE TABLE plan_amendment (
    amendment_id text PRIMARY KEY,
    plan_id      text NOT NULL,
    recorded     timestamptz NOT NULL,
    replaced     jsonb NOT NULL,
    added        jsonb NOT NULL,
    paper        jsonb,
    reason       text NOT NULL
);
CREATE INDEX plan_amendment_plan ON plan_amendment (plan_id);
CREATE TABLE campaign (
    campaign_id text PRIMARY KEY,
    year_id     text,
    cluster_id  text,
    launched_by text NOT NULL,
    starts      date NOT NULL,
    over        boolean NOT NULL,
    content     jsonb NOT NULL
);
CREATE TABLE campaign_review (
    review_id   text PRIMARY KEY,
    campaign_id text NOT NULL,
    "on"        date NOT NULL,
    result      text NOT NULL,
    finding     text NOT NULL,
    paper       jsonb
);
CREATE INDEX campaign_review_campaign ON campaign_review (campaign_id);
"""

FILINGS = """
CREATE TABLE filing (
    subject             text PRIMARY KEY,
    kind                text NOT NULL,
    year_id             text NOT NULL,
    cluster_id          text NOT NULL,
    unit_id             text NOT NULL,
    state               text NOT NULL,
    revision            integer NOT NULL,
    punctuality         text,
    deadline_id         text,
    first_received      timestamptz NOT NULL,
    received            timestamptz NOT NULL,
    means               text NOT NULL,
    typed_by            text NOT NULL,
    awaits_confirmation boolean NOT NULL,
    confirmed           timestamptz,
    contest             text,
    returned            text,
    taken_by            text,
    accepted_late       jsonb,
    UNIQUE (cluster_id, year_id, kind, unit_id)
);
CREATE INDEX filing_deadline ON filing (deadline_id);
CREATE INDEX filing_unit ON filing (unit_id);
CREATE TABLE filing_revision (
    subject  text NOT NULL,
    revision integer NOT NULL,
    received timestamptz NOT NULL,
    content  jsonb NOT NULL,
    PRIMARY KEY (subject, revision)
);
CREATE TABLE filing_missed (
    deadline_id text NOT NULL,
    unit_id     text NOT NULL,
    recorded    timestamptz NOT NULL,
    PRIMARY KEY (deadline_id, unit_id)
);
"""

# No event feeds these: particulars, passwords and drafts never enter a log, and no foreign key leads here.
UNLOGGED = """
CREATE TABLE particulars (
    person_id      text PRIMARY KEY,
    name           text NOT NULL,
    sort_key       text NOT NULL,
    plain_name     text NOT NULL,
    birth_date     date,
    sex            text,
    member_card    text UNIQUE,
    citizen_number text UNIQUE,
    email          text,
    telephone      text
);
CREATE INDEX particulars_sort ON particulars (sort_key, person_id);
CREATE INDEX particulars_plain ON particulars (plain_name);
CREATE TABLE account (
    login         text PRIMARY KEY,
    subject       text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    made          timestamptz NOT NULL,
    closed        timestamptz
);
CREATE TABLE report_draft (
    report_id  text PRIMARY KEY,
    year_id    text NOT NULL,
    cluster_id text NOT NULL,
    unit_id    text NOT NULL,
    content    jsonb NOT NULL,
    saved_by   text NOT NULL,
    saved      timestamptz NOT NULL
);
"""


def upgrade() -> None:
    for part in (SCHEMA, PERSONS, UNITS, CLUSTERS_AND_YEARS, PLANS_AND_CAMPAIGNS, FILINGS, UNLOGGED):
        op.execute(part)
