"""The short way of a write: what FastAPI looks up anew for each request is known once the route is made.

FastAPI solves a tree of dependencies, and reads a body as JSON first and then as its model: a third of the time of a
small handler. Most writes are alike: path parameters, one body, and ``Asked``. Whatever is unusual about a request (a
header that is missing, a body that its model refuses) goes FastAPI's way, which says what is wrong with it; up to
there nothing was done.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Any, get_type_hints

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.routing import Match
from starlette.types import Scope

from chassis.http.asking import Accepted, Write, as_asked, asked, caller_of
from chassis.http.problems import MEDIA_TYPE, Problem

Handle = Callable[[Request], Coroutine[Any, Any, Response]]
_JSON = "application/json"
_BEARER = "bearer "
_SHARED_STATUSES = {
    400: "The request is not well formed",
    401: "No valid token",
    403: "Not entitled",
    404: "Not found, or not to be seen by this person",
    409: "A rule of the field says no",
    412: "Changed by somebody else since",
    413: "Too large",
    422: "Invalid data, or a key reused for another body",
    428: "If-Match is missing",
    503: "Not ready",
}


class Routes(APIRouter):
    """A router whose OpenAPI shows the problems that every route may answer.

    A service has some eighty routes in a dozen routers, and FastAPI tries every pattern of a router twice: one whose
    routes all begin otherwise is passed over at once.
    """

    def __init__(self, **options: Any) -> None:
        problem = {"model": Problem, "content": {MEDIA_TYPE: {}}}
        responses: dict[int | str, dict[str, Any]] = {
            status: {"description": text, **problem} for status, text in _SHARED_STATUSES.items()
        }
        super().__init__(responses=responses, route_class=WriteRoute, **options)
        self._beginnings: set[str] | None = None

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if self._beginnings is None:
            self._beginnings = {_beginning(getattr(route, "path", "")) for route in self.routes}
        known = "" not in self._beginnings and not scope.get("root_path")
        if known and _beginning(scope["path"]) not in self._beginnings:
            return Match.NONE, {}
        return super().matches(scope)


def _beginning(path: str) -> str:
    """``reports`` of ``/reports/{report_id}``; empty where any may stand."""
    first = path[1:].partition("/")[0]
    return "" if "{" in first else first


class WriteRoute(APIRoute):
    """A route that takes the short way where it can; to its callers and in OpenAPI it is as any other."""

    def get_route_handler(self) -> Handle:
        whole = super().get_route_handler()
        usual = _usual(self)
        if usual is None:
            return whole
        endpoint, status = self.endpoint, self.status_code or 200

        async def handle(request: Request) -> Response:
            headers: dict[str, str] = {}
            values = await usual.values(request, headers)
            if values is None:
                return await whole(request)
            accepted: Accepted = await endpoint(**values)
            return Response(accepted.model_dump_json(), status, headers, _JSON)

        return handle


@dataclass(frozen=True, slots=True)
class _Usual:
    """What an endpoint is called with: the name and type of each path parameter, and the names of the other two."""

    path: dict[str, TypeAdapter[Any]]
    body: str
    model: type[Write]
    asked: str

    async def values(self, request: Request, headers: dict[str, str]) -> dict[str, Any] | None:
        """None: FastAPI is to look at it. ``headers`` are those of the answer. Raises Refused as ``asked`` does."""
        given = request.headers
        key, authorization = given.get("idempotency-key", ""), given.get("authorization", "")
        if (
            authorization[: len(_BEARER)].lower() != _BEARER
            or not 8 <= len(key) <= 200
            or given.get("content-type") != _JSON
        ):
            return None
        content = await request.body()
        who = caller_of(request, authorization[len(_BEARER) :])
        try:
            values = {name: kind.validate_python(request.path_params[name]) for name, kind in self.path.items()}
            body = self.model.model_validate_json(content)
        except ValidationError:
            return None
        values[self.body] = body
        values[self.asked] = as_asked(request, headers, who, key, given.get("if-match"), content, body.act)
        return values


def _usual(route: APIRoute) -> _Usual | None:
    """None for an endpoint that takes anything else, or answers otherwise."""
    of, hints = route.dependant, get_type_hints(route.endpoint, include_extras=True)
    others = (of.query_params, of.header_params, of.cookie_params, of.request_param_name, of.response_param_name)
    if any(others) or len(of.dependencies) != 1 or of.dependencies[0].call is not asked or len(of.body_params) != 1:
        return None
    if not iscoroutinefunction(route.endpoint):
        return None
    model = get_type_hints(route.endpoint).get(of.body_params[0].name)
    if not (isinstance(model, type) and issubclass(model, Write)) or hints.get("return") is not Accepted:
        return None
    path = {field.name: TypeAdapter(hints[field.name]) for field in of.path_params}
    assert of.dependencies[0].name is not None
    return _Usual(path, of.body_params[0].name, model, of.dependencies[0].name)
