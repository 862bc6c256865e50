"""Examples of request bodies: one YAML file a service, beside its words; what a body would refuse is not shown."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from fastapi import APIRouter
from fastapi.routing import APIRoute
from pydantic import TypeAdapter


def show_examples(routers: Iterable[APIRouter], file: Path) -> None:
    """Show each example of ``file`` (``POST /ballots: {…}``) in the OpenAPI of its route.

    Raises ValueError for a route that is not there, and ValidationError for an example that it would refuse.
    """
    routes = {
        f"{method} {route.path}": route
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    for key, example in yaml.load(file.read_text(encoding="utf-8"), Loader=_AsTyped).items():
        route = routes.get(key)
        if route is None or route.body_field is None:
            raise ValueError(f"{file.name}: {key} takes no body here")
        body: Any = route.body_field.field_info.annotation
        TypeAdapter(body).validate_python(example)
        shown = {"vi-du": {"summary": "Ví dụ", "value": example}}
        route.openapi_extra = {"requestBody": {"content": {"application/json": {"examples": shown}}}}


class _AsTyped(yaml.SafeLoader):
    """Leaves dates as the text that a client sends."""


_AsTyped.yaml_implicit_resolvers = {
    sign: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for sign, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
