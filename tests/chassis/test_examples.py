"""Examples of request bodies: shown in OpenAPI, and a file that a body would refuse does not load."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from chassis.http import Routes
from chassis.http.examples import show_examples
from fastapi import FastAPI
from pydantic import BaseModel, ValidationError


class Setting(BaseModel):
    due: date


@pytest.fixture
def routes() -> Routes:
    made = Routes()

    @made.post("/deadlines/{deadline_id}")
    async def put(deadline_id: str, body: Setting) -> None: ...

    return made


def write(folder: Path, text: str) -> Path:
    (folder / "examples.yaml").write_text(text, encoding="utf-8")
    return folder / "examples.yaml"


def test_an_example_stands_in_openapi_with_its_dates_as_they_are_sent(routes: Routes, tmp_path: Path) -> None:
    show_examples([routes], write(tmp_path, "POST /deadlines/{deadline_id}: {due: 2024-01-31}"))
    app = FastAPI()
    app.include_router(routes)
    body = app.openapi()["paths"]["/deadlines/{deadline_id}"]["post"]["requestBody"]
    assert body["content"]["application/json"]["examples"]["vi-du"]["value"] == {"due": "2024-01-31"}
    assert body["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Setting"}
    assert body["required"]


def test_an_example_that_the_body_would_refuse_does_not_load(routes: Routes, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="due"):
        show_examples([routes], write(tmp_path, "POST /deadlines/{deadline_id}: {due: mai}"))


def test_an_example_of_a_route_that_is_not_there_does_not_load(routes: Routes, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="POST /deadline takes no body"):
        show_examples([routes], write(tmp_path, "POST /deadline: {due: 2024-01-31}"))
