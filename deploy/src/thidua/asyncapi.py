"""AsyncAPI 3.0 of the whole system, from the catalogue and from what each ``main.py`` publishes and follows.

``python -m thidua.asyncapi`` writes contracts/asyncapi/thidua.yaml, ``--check`` only says if it is stale.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import yaml
from contracts.catalogue import Entry, all_entries
from contracts.generate import HEADER_SCHEMA, bring_in_line, example_of

from thidua.services import Spoken, all_spoken

FORMAT = "application/schema+json;version=draft-2020-12"

Document = dict[str, Any]


def document(entries: Sequence[Entry], services: Sequence[Spoken]) -> Document:
    """One channel per event and one message each; ``send`` per owner, ``receive`` per follower.

    Events that any log may hold (``chassis.*``) have one channel with the service as a parameter.
    """
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Thi Đua",
            "version": "1.0.0",
            "description": (
                "Sự kiện của hệ thống thi đua, khen thưởng. The record is each service's log; JetStream "
                "carries it and may lose, repeat and reorder. A follower takes whole logs, in their order."
            ),
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "site": {
                "host": "{host}:{port}",
                "protocol": "nats",
                "description": "The JetStream server of one site.",
                "variables": {"host": {"default": "127.0.0.1"}, "port": {"default": "4222"}},
                "security": [{"$ref": "#/components/securitySchemes/serviceUser"}],
            }
        },
        "channels": {entry.type: _channel(entry, services) for entry in entries},
        "operations": _operations(entries, services),
        "components": {
            "messages": {entry.type: _message(entry) for entry in entries},
            "messageTraits": {"event": _TRAVELLING},
            "parameters": _PARAMETERS | {"service": _service_parameter(services)},
            "securitySchemes": {
                "serviceUser": {
                    "type": "userPassword",
                    "description": "One NATS user per service: it publishes its own subjects and pulls its "
                    "own consumers, nothing else.",
                }
            },
        },
    }


_HASH = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_HEADERS: Document = {
    "Nats-Msg-Id": _HASH | {"description": "The hash of the event."},
    "ce-specversion": {"type": "string", "const": "1.0"},
    "ce-id": {"type": "string", "description": "<log>:<epoch>:<seq>"},
    "ce-source": {"type": "string", "description": "urn:thidua:log:<log>"},
    "ce-type": {"type": "string"},
    "ce-time": {"type": "string", "format": "date-time"},
    "ce-subject": {"type": "string", "description": "The aggregate it is about."},
    "ce-correlation": {"type": "string", "description": "The case."},
    "content-type": {"type": "string", "const": "application/json"},
    "thidua-header": {"type": "string", "description": "The header as hashed, byte for byte."},
    "thidua-epoch": {"type": "string", "pattern": "^[0-9]+$"},
    "thidua-seq": {"type": "string", "pattern": "^[0-9]+$"},
    "thidua-prev": _HASH,
    "thidua-hash": _HASH,
    "traceparent": {"type": "string"},
}

_TRAVELLING: Document = {
    "contentType": "application/json",
    "headers": {
        "type": "object",
        "description": f"CloudEvents 1.0 attributes for routing; thidua-header is ../schemas/{HEADER_SCHEMA}.json",
        "properties": _HEADERS,
        "required": [name for name in _HEADERS if name != "traceparent"],
    },
}

_PARAMETERS = {
    "tree": {
        "enum": ["loc", "up", "down"],
        "default": "loc",
        "description": "loc inside a site, up to the hub, down from the hub.",
    },
    "site": {"default": "vn", "description": "The site whose log holds the event."},
}


def _service_parameter(services: Sequence[Spoken]) -> Document:
    return {"enum": [service.name for service in services], "description": "The service whose log holds it."}


def _anywhere(entry: Entry) -> bool:
    return entry.owner == "chassis"


def _channel(entry: Entry, services: Sequence[Spoken]) -> Document:
    parameters = ["tree", "site", *(["service"] if _anywhere(entry) else [])]
    return {
        "address": entry.subject("{tree}", "{site}", "{service}" if _anywhere(entry) else entry.owner),
        "title": entry.type,
        "servers": [{"$ref": "#/servers/site"}],
        "parameters": {name: {"$ref": f"#/components/parameters/{name}"} for name in parameters},
        "messages": {"event": {"$ref": f"#/components/messages/{entry.type}"}},
    }


def _message(entry: Entry) -> Document:
    return {
        "name": entry.type,
        "title": entry.model.__name__,
        "summary": (entry.model.__doc__ or entry.type).strip().splitlines()[0],
        "traits": [{"$ref": "#/components/messageTraits/event"}],
        "payload": {"schemaFormat": FORMAT, "schema": {"$ref": f"../schemas/{entry.type}.json"}},
        "examples": [{"name": "example", "payload": example_of(entry)}],
        "x-public": entry.public,
    }


def _operations(entries: Sequence[Entry], services: Sequence[Spoken]) -> Document:
    operations: Document = {}
    for entry in entries:
        for service in services:
            if entry.type in service.says or _anywhere(entry):
                operations[f"{service.name}.sends.{entry.type}"] = _operation(
                    "send", entry, f"{service.name} records it in its log and its relay sends it"
                )
        for service in services:
            for log, types in service.hears.items():
                if entry.type in types:
                    operations[f"{service.name}.receives.{entry.type}"] = _operation(
                        "receive", entry, f"{service.name} follows the log of {log}"
                    )
    return operations


def _operation(action: str, entry: Entry, summary: str) -> Document:
    channel = f"#/channels/{entry.type}"
    return {
        "action": action,
        "summary": summary,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/event"}],
    }


def as_yaml(content: Document) -> str:
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=110)
    return f"# Generated by python -m thidua.asyncapi from the catalogue and every main.py.\n{text}"


def main() -> int:
    text = as_yaml(document(all_entries(), all_spoken()))
    return bring_in_line(
        {"asyncapi/thidua.yaml": text},
        ("asyncapi",),
        check="--check" in sys.argv[1:],
        again="python -m thidua.asyncapi",
    )


if __name__ == "__main__":
    sys.exit(main())
