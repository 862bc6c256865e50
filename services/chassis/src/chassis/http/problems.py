"""Refusals become problem details (RFC 9457) in one place: stable type, words from the message catalogue."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import structlog
import yaml
from contracts.refusal import Refused
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from chassis.clock import HANOI
from chassis.database import DATABASE_ERRORS, is_away
from chassis.telemetry import current_trace_id, current_traceparent, within
from chassis.work import NothingRecorded

MEDIA_TYPE = "application/problem+json"
URN = "urn:thidua:problem:"
_AWAY = {"database-unavailable", "outcome-unknown"}
"""Refusals that a second later would most likely be the same."""


class Problem(BaseModel):
    """Problem details: what was wrong, which rule says so, and what to do."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:thidua:problem:not-entitled",
                    "title": "Không đủ quyền",
                    "status": 403,
                    "detail": "Bạn không giữ vai trò officer tại đơn vị “ldld-son-la” hoặc đơn vị cấp trên của nó.",
                    "rule": "Mỗi việc chỉ do người được giao vai trò, trong phạm vi đơn vị của mình, thực hiện.",
                    "todo": "Đề nghị quản trị cấp quyền, hoặc nhờ người có vai trò này thực hiện.",
                    "instance": "/reports/bc-son-la/submission",
                    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
                }
            ]
        },
    )

    type: str = Field(description="Stable code of the refusal.")
    title: str
    status: int
    detail: str
    rule: str = Field(description="The rule that says so.")
    todo: str = Field(description="What to do now.")
    instance: str
    trace_id: str | None = None


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


class Messages:
    """The words of refusals in Vietnamese: the shared catalogue and the service's own."""

    def __init__(self, *files: Path) -> None:
        self._entries: dict[str, dict[str, Any]] = {}
        for file in (Path(__file__).parent.parent / "messages.yaml", *files):
            for rule, entry in (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).items():
                missing = {"title", "detail", "rule", "todo"} - set(entry)
                if missing:
                    raise ValueError(f"{file.name}: {rule} lacks {sorted(missing)}")
                self._entries[rule] = entry

    def __contains__(self, rule: str) -> bool:
        return rule in self._entries

    def rules(self) -> set[str]:
        return set(self._entries)

    def problem(self, refused: Refused, instance: str) -> Problem:
        """Words for a refusal. A rule without words is shown by its code, with status 409, and logged."""
        entry = self._entries.get(refused.rule)
        if entry is None:
            structlog.get_logger().error("refusal without words", rule=refused.rule)
            entry = {"title": refused.rule, "detail": str(refused), "rule": refused.rule, "todo": "…"}
        values = _Blank({name: _told(value) for name, value in refused.values.items()})
        traceparent = current_traceparent()
        values["trace_id"] = traceparent.split("-")[1] if traceparent else ""
        told = {name: str(entry[name]).format_map(values) for name in ("title", "detail", "rule", "todo")}
        # The refusal's own values travel too, for machines; they never cover the standard members.
        extra = {name: _plain(value) for name, value in refused.values.items() if name not in Problem.model_fields}
        return Problem(
            type=URN + refused.rule,
            status=int(entry.get("status", 409)),
            instance=instance,
            trace_id=values["trace_id"] or None,
            **told,
            **extra,
        )


def _told(value: Any) -> str:
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(_told(item) for item in value)
    if isinstance(value, datetime):
        return f"{value.astimezone(HANOI):%H:%M ngày %d/%m/%Y}"
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    return "không rõ" if value is None else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, (set, frozenset)):
        value = sorted(value)
    if isinstance(value, (str, int, bool, list, tuple, dict)) or value is None:
        return value
    return str(value)


def answer(messages: Messages, refused: Refused, instance: str) -> JSONResponse:
    problem = messages.problem(refused, instance)
    headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else {}
    if refused.rule in _AWAY:
        headers["Retry-After"] = "5"
    elif problem.status == 503 or refused.rule == "still-running":
        headers["Retry-After"] = "1"
    return JSONResponse(
        problem.model_dump(mode="json", exclude_none=True), problem.status, headers, media_type=MEDIA_TYPE
    )


def install(app: FastAPI, messages: Messages) -> None:
    """Make every error of an app a problem: refusals, validation, unknown routes, bugs."""

    async def on_refused(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Refused)
        return answer(messages, error, request.url.path)

    async def on_invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        found = [
            {
                "where": ".".join(str(part) for part in item["loc"] if part != "body") or "body",
                "why": item["msg"],
            }
            for item in error.errors()
        ]
        if any(item["type"] == "json_invalid" for item in error.errors()):
            return answer(messages, Refused("malformed-json", why=found[0]["why"]), request.url.path)
        first = f"{found[0]['where']}: {found[0]['why']}"
        return answer(messages, Refused("invalid", count=len(found), first=first, errors=found), request.url.path)

    async def on_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        if error.status_code == 405:
            return answer(messages, Refused("method-not-allowed", method=request.method), request.url.path)
        if error.status_code == 404:
            return answer(messages, Refused("not-found", kind="địa chỉ", id=request.url.path), request.url.path)
        return answer(messages, Refused("malformed-json", why=str(error.detail)), request.url.path)

    async def on_nothing(request: Request, error: Exception) -> JSONResponse:
        return answer(messages, Refused("nothing-recorded"), request.url.path)

    async def on_database(request: Request, error: Exception) -> JSONResponse:
        if not is_away(error):
            return await on_bug(request, error)
        structlog.get_logger().warning("database_away", path=request.url.path, error=str(error))
        return answer(messages, Refused("database-unavailable"), request.url.path)

    async def on_bug(request: Request, error: Exception) -> JSONResponse:
        # This runs outside the request's span; the answer to a bug is where its trace is needed most.
        with within(request.scope.get("traceparent")):
            structlog.get_logger().exception("unexpected", path=request.url.path, exc_info=error)
            answered = answer(messages, Refused("internal"), request.url.path)
            if trace_id := current_trace_id():
                answered.headers["trace-id"] = trace_id
        return answered

    app.add_exception_handler(Refused, on_refused)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(NothingRecorded, on_nothing)
    for kind in DATABASE_ERRORS:
        app.add_exception_handler(kind, on_database)
    app.add_exception_handler(Exception, on_bug)
