"""The generated contracts: valid JSON Schema, examples that fit, an AsyncAPI document that hangs together."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
import yaml
from chassis.facts import Stored
from contracts.catalogue import Entry
from contracts.envelope import Header
from contracts.generate import HEADER_SCHEMA, contents, event_schema, schema_hash, stale, write
from thidua.asyncapi import as_yaml, document
from thidua.services import Spoken

from contracts import catalogue
from tests.chassis.sites import headers_of

ENTRIES = catalogue.all_entries()
HEADER = {
    "id": "0198c2f0-0000-7000-8000-000000000001",
    "type": "chassis.epoch-opened.v1",
    "occurred": "2024-01-15T09:00:00+07:00",
    "act": {
        "whose": "service:registry",
        "typed_by": "service:registry",
        "made": "2024-01-15T09:00:00+07:00",
        "received": "2024-01-15T09:00:00+07:00",
        "recorded": "2024-01-15T09:00:00+07:00",
    },
    "correlation": "case-nam-2024-ldld-cao-bang",
    "subjects": ["log:vn.registry"],
}
EVERY_EVENT = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.type)


@EVERY_EVENT
def test_an_event_fits_its_own_schema(entry: Entry):
    files = contents([entry])
    schema = json.loads(files[f"schemas/{entry.type}.json"])
    example = json.loads(files[f"examples/{entry.type}.json"])
    jsonschema_rs.meta.validate(schema)
    jsonschema_rs.validator_for(schema).validate(example)


@EVERY_EVENT
def test_an_example_is_read_back_as_it_was_written(entry: Entry):
    text = contents([entry])[f"examples/{entry.type}.json"]
    read = entry.model.model_validate_json(text)
    assert read == entry.model.model_validate(entry.example)


@EVERY_EVENT
def test_a_reader_ignores_a_field_it_does_not_know(entry: Entry):
    assert entry.model.model_validate(entry.example | {"from_a_later_version": 1}) == entry.model.model_validate(
        entry.example
    )


def test_the_envelope_has_a_schema_that_its_headers_fit():
    schema = json.loads(contents([])[f"schemas/{HEADER_SCHEMA}.json"])
    header = Header.model_validate(HEADER)
    jsonschema_rs.validator_for(schema).validate(json.loads(header.to_bytes()))


def test_what_is_stale_missing_or_left_over_is_named_and_written(tmp_path):
    files = contents(ENTRIES[:1])
    assert stale(files, ("schemas", "examples"), tmp_path) == sorted(files)
    write(files, ("schemas", "examples"), tmp_path)
    assert stale(files, ("schemas", "examples"), tmp_path) == []
    (tmp_path / "schemas" / "registry.gone.v1.json").write_text("{}", encoding="utf-8")
    assert stale(files, ("schemas", "examples"), tmp_path) == ["schemas/registry.gone.v1.json"]
    write(files, ("schemas", "examples"), tmp_path)
    assert not (tmp_path / "schemas" / "registry.gone.v1.json").exists()


def test_the_hash_of_a_schema_does_not_hang_on_the_order_of_its_keys():
    schema = event_schema(ENTRIES[0])
    assert schema_hash(dict(reversed(schema.items()))) == schema_hash(schema)
    assert schema_hash(schema | {"title": "other"}) != schema_hash(schema)


def test_the_asyncapi_document_names_who_sends_and_who_receives():
    entries = catalogue.all_entries()
    epoch = catalogue.entry("chassis.epoch-opened.v1")
    services = [
        Spoken("registry", ("registry.made-up.v1",)),
        Spoken("scoring", (), {"registry": ("registry.made-up.v1",)}),
    ]
    made_up = Entry("registry.made-up.v1", epoch.model, "report", False, epoch.example)
    told = document([*entries[:0], epoch, made_up], services)
    assert told["channels"]["registry.made-up.v1"]["address"] == "{tree}.{site}.registry.report.made-up.v1"
    assert told["channels"][epoch.type]["address"] == "{tree}.{site}.{service}.log.epoch-opened.v1"
    acts = {name: operation["action"] for name, operation in told["operations"].items()}
    assert acts == {
        "registry.sends.chassis.epoch-opened.v1": "send",
        "scoring.sends.chassis.epoch-opened.v1": "send",
        "registry.sends.registry.made-up.v1": "send",
        "scoring.receives.registry.made-up.v1": "receive",
    }


def test_the_asyncapi_document_names_the_headers_that_travel():
    header = Header.model_validate(HEADER)
    travelling = Stored("vn.registry", 1, 1, bytes(32), bytes(32), header.to_bytes(), b"{}", "00-ab-cd-01")
    told = document(ENTRIES, [Spoken("registry", ())])["components"]["messageTraits"]["event"]["headers"]
    sent = headers_of(travelling)
    assert sent.pop("Nats-Expected-Stream") == "loc-registry"
    assert set(told["properties"]) == set(sent)
    jsonschema_rs.validator_for(told).validate(sent)


def test_every_reference_in_the_asyncapi_document_leads_somewhere():
    told = yaml.safe_load(as_yaml(document(ENTRIES, [Spoken("registry", ())])))
    files = contents(ENTRIES)
    found = list(references(told))
    assert found
    for reference in found:
        if reference.startswith("../"):
            assert reference.removeprefix("../") in files
            continue
        place: Any = told
        for word in reference.removeprefix("#/").split("/"):
            place = place[word]


def references(node: Any) -> Any:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)
