"""What the usual batch of a follower, kept and applied in one statement, ends with: the usual one, or nothing."""

from alembic import op

revision = "0012"
down_revision = "0011"

# SQLSTATE TD005: the mark stands elsewhere; TD006: people or earlier trouble say something about the batch.
USUAL = """
CREATE FUNCTION chassis.must_be_usual(p_moved bigint, p_bound boolean) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF p_moved = 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'TD005', MESSAGE = 'the mark stands elsewhere';
    ELSIF p_bound THEN
        RAISE EXCEPTION USING ERRCODE = 'TD006', MESSAGE = 'held or discarded events bind this batch';
    END IF;
    RETURN true;
END $$;
"""


def upgrade() -> None:
    op.execute(USUAL)
