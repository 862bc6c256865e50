"""What an error of the database says: by which driver or layer it came, whether the database is away, what may stand.

Errors reach us from asyncpg (hot path), wrapped by SQLAlchemy (all else), and as plain connection errors while a
connection is being made.
"""

from __future__ import annotations

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted

DATABASE_ERRORS = (
    DBAPIError,
    PoolExhausted,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    ConnectionError,
    TimeoutError,
)
"""All that work with the database may raise; ``is_away`` tells which of them are not bugs."""

_CUT = ("08", "57P01", "57P02", "57P05")
"""The connection went in the middle, by itself or because the server took it away: what was sent may be done."""
_REFUSES = (*_CUT, "57P03", "53", "58", "25006", "55P04")
"""Starting up, too many connections, disk full, out of memory, input and output failing, read-only."""
_AGAIN = ("40001", "40P01", "55P03")


def sqlstate(error: BaseException) -> str | None:
    """The five characters of PostgreSQL's own code, where the server said anything."""
    told = error.orig if isinstance(error, DBAPIError) else error
    return getattr(told, "sqlstate", None)


def message(error: BaseException) -> str:
    """What the server said, without the statement."""
    told = _told(error)
    return getattr(told, "message", None) or str(told)


def constraint(error: BaseException) -> str:
    """The name of the key that a row broke."""
    return getattr(_told(error), "constraint_name", None) or "key"


def breaks_key(error: BaseException) -> bool:
    """Whether a key said no: somebody else was first."""
    return (sqlstate(error) or "").startswith("23")


def passes(error: BaseException) -> bool:
    """Whether the same transaction may do when it is tried again: a deadlock, or a lock not had in time."""
    return sqlstate(error) in _AGAIN


def is_away(error: BaseException) -> bool:
    """Whether the database is not reached or refuses all work: nobody's mistake, and it passes."""
    state = sqlstate(error)
    if state is not None:
        return state.startswith(_REFUSES)
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(_told(error), (asyncpg.InterfaceError, ConnectionError))
    return isinstance(error, DATABASE_ERRORS)


def may_have_committed(error: BaseException) -> bool:
    """Whether a commit that ended in this error may stand all the same: the answer was lost, not the commit refused."""
    state = sqlstate(error)
    return is_away(error) and (state is None or state.startswith(_CUT))


def _told(error: BaseException) -> BaseException:
    if not isinstance(error, DBAPIError) or error.orig is None:
        return error
    return error.orig.__cause__ or error.orig
