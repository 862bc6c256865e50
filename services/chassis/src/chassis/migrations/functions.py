"""How a migration changes a part of a stored function that an earlier one made."""


def with_other_part(name: str, old: str, new: str) -> str:
    """SQL that replaces ``old`` by ``new`` in the body of ``chassis.<name>``; it fails where ``old`` is not there."""
    return f"""
DO $do$
DECLARE
    body text;
BEGIN
    SELECT pg_get_functiondef(p.oid) INTO STRICT body FROM pg_proc p
     WHERE p.proname = '{name}' AND p.pronamespace = 'chassis'::regnamespace;
    IF position($old${old}$old$ IN body) = 0 THEN
        RAISE EXCEPTION 'chassis.{name} is not what earlier migrations made';
    END IF;
    EXECUTE replace(body, $old${old}$old$, $new${new}$new$);
END $do$"""
