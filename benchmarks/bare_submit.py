"""The ceiling of a submission: a bare FastAPI handler that commits the same rows in one statement, and judges nothing.

Same body model, token check, tracing, server settings and tables as registry; the log is numbered by a sequence and
not chained, so nothing is locked. ``python -m benchmarks.bare_submit --port N``; settings as the service's.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from typing import Annotated, Any

import asyncpg
import uvicorn
from chassis import auth
from chassis.ids import new_id
from chassis.logs import setup_logs
from chassis.metrics import Metrics
from chassis.observed import ObservedRequests
from chassis.settings import Settings
from chassis.telemetry import current_traceparent, setup_tracing
from fastapi import Depends, FastAPI, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from registry.handlers.submit_report import SubmitReport

UNCHAINED = "CREATE SEQUENCE unchained"
"""What numbers the ceiling's log, beside registry's own tables."""

_COMMIT = """
WITH filed AS (
    INSERT INTO filing (subject, kind, year_id, cluster_id, unit_id, state, revision, punctuality, deadline_id,
        first_received, received, means, typed_by, awaits_confirmation)
    VALUES ($1, $2, $3, $4, $5, 'submitted', 1, 'on-time', $6, $7, $7, 'online', $8, false)),
revised AS (
    INSERT INTO filing_revision (subject, revision, received, content) VALUES ($1, 1, $7, $9)),
logged AS (
    INSERT INTO chassis.log (seq, epoch, prev, hash, type, correlation, header, data, traceparent)
    VALUES (nextval('unchained'), 1, $10, $10, 'registry.report-submitted.v1', $11, $12, $13, $14) RETURNING seq),
versioned AS (
    INSERT INTO chassis.aggregate (subject, epoch, seq) SELECT $1, 1, seq FROM logged),
known AS (
    INSERT INTO chassis.idempotency (scope, key, body_hash, status, epoch, first_seq, last_seq)
    SELECT $15, $16, $17, 200, 1, seq, seq FROM logged)
SELECT seq FROM logged
"""
_NO_HASH = bytes(32)
_bearer = HTTPBearer()


async def caller(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials, Depends(_bearer)]
) -> auth.Caller:
    state = request.app.state
    return auth.check(credentials.credentials, site=state.settings.site, public_key=state.public_key)


async def submit(
    report_id: str,
    body: SubmitReport,
    request: Request,
    who: Annotated[auth.Caller, Depends(caller)],
    idempotency_key: Annotated[str, Header()],
) -> dict[str, Any]:
    """The rows of one submission, as it would stand in registry."""
    now = datetime.now(timezone.utc)
    subject, case = f"report:{report_id}", f"case-{body.year_id}-{body.unit_id}"
    scope = f"{who.subject} POST {request.url.path}"
    body_hash = hashlib.sha256(await request.body()).hexdigest()
    said = now.isoformat()
    header = {
        "id": new_id(), "type": "registry.report-submitted.v1", "occurred": said,
        "act": {"whose": f"unit:{body.unit_id}", "typed_by": who.subject, "means": "online", "made": said,
                "received": said, "recorded": said},
        "correlation": case, "causation": f"command:{idempotency_key}", "subjects": [subject],
        "idempotency": {"scope": scope, "key": idempotency_key, "body_hash": body_hash, "status": 200},
    }  # fmt: skip
    seq = await request.app.state.pool.fetchval(
        _COMMIT, subject, f"{body.kind}-report", body.year_id, body.cluster_id, body.unit_id,
        f"han-{body.kind}-{body.year_id}", now, who.subject,
        body.model_dump_json(include={"lines", "narrative"}, exclude_none=True), _NO_HASH, case,
        json.dumps(header).encode(), body.model_dump_json(exclude_none=True).encode(), current_traceparent(),
        scope, idempotency_key, body_hash,
    )  # fmt: skip
    receipt = {"log": "vn.registry", "epoch": 1, "first_seq": seq, "last_seq": seq, "hash": _NO_HASH.hex()}
    return {"subject": subject, "id": report_id, "etag": f'"{seq}"', "receipt": receipt}


async def _untouched(connection: asyncpg.Connection) -> None:
    """What the pool does to a connection that comes back."""


def ceiling(settings: Settings) -> FastAPI:
    """The app; its database has registry's tables and ``UNCHAINED``."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        provider = setup_tracing("ceiling", settings.site, settings.otlp_endpoint or None)
        app.state.pool = await asyncpg.create_pool(
            settings.database_url.replace("+asyncpg", ""), min_size=settings.pool_size, max_size=settings.pool_size,
            # One statement leaves nothing behind on its connection: no second round trip to clean it.
            reset=_untouched,
            server_settings={"search_path": "live,chassis,public", "synchronous_commit": "on", "jit": "off"},
        )  # fmt: skip
        yield
        await app.state.pool.close()
        provider.shutdown()

    app = FastAPI(lifespan=lifespan)
    app.state.settings, app.state.public_key = settings, settings.key("token_public_key")
    app.add_middleware(ObservedRequests, metrics=Metrics())
    app.post("/reports/{report_id}/submission")(submit)
    return app


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    settings = Settings()  # type: ignore[call-arg]
    setup_logs("ceiling", settings.site, form="json")
    port = parser.parse_args().port
    uvicorn.run(
        ceiling(settings), port=port, log_config=None, timeout_graceful_shutdown=10, access_log=False
    )  # as chassis.serve


if __name__ == "__main__":
    main()
