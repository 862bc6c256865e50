"""The published hash vectors against a computation that shares no line with the project, then the project."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from contracts.generate import HOME

from contracts import envelope

VECTORS: dict[str, Any] = json.loads((HOME / "vectors" / "hash.json").read_text(encoding="utf-8"))
EVENTS: list[dict[str, Any]] = VECTORS["events"]


def by_hand(event: dict[str, Any]) -> str:
    """The rule spelt out byte by byte, as a reader in another language would write it."""
    digest = hashlib.sha256()
    digest.update(bytes.fromhex(event["prev"]))
    for value, width in ((event["epoch"], 4), (event["seq"], 8)):
        for place in range(width - 1, -1, -1):
            digest.update(bytes([(value // 256**place) % 256]))
    digest.update(hashlib.sha256(bytes(event["header"], "utf-8")).digest())
    digest.update(hashlib.sha256(bytes(event["data"], "utf-8")).digest())
    return digest.hexdigest()


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event["name"])
def test_a_published_hash_is_what_anyone_computes_by_hand(event):
    assert by_hand(event) == event["hash"]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event["name"])
def test_the_envelope_computes_the_published_hash(event):
    prev = bytes.fromhex(event["prev"])
    header, data = event["header"].encode(), event["data"].encode()
    assert envelope.event_hash(prev, event["epoch"], event["seq"], header, data).hex() == event["hash"]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event["name"])
def test_a_withheld_body_still_verifies_from_its_digests(event):
    digests = bytes.fromhex(event["header_sha256"]), bytes.fromhex(event["data_sha256"])
    prev = bytes.fromhex(event["prev"])
    assert envelope.hash_of_digests(prev, event["epoch"], event["seq"], *digests).hex() == event["hash"]


@pytest.mark.parametrize("seed", VECTORS["seeds"], ids=lambda seed: seed["log"])
def test_the_chain_of_a_log_starts_from_its_name(seed):
    assert hashlib.sha256(f"thidua-log-1:{seed['log']}".encode()).hexdigest() == seed["prev"]
    assert envelope.seed_hash(seed["log"]).hex() == seed["prev"]


def test_the_first_vectors_form_a_chain_across_a_restore():
    chain = [event for event in EVENTS if event["log"] == "vn.registry" and event["seq"] <= 4]
    chain = [event for event in chain if "letters" not in event["name"]]
    assert [(event["epoch"], event["seq"]) for event in chain] == [(1, 1), (1, 2), (1, 3), (2, 4)]
    assert [event["prev"] for event in chain[1:]] == [event["hash"] for event in chain[:-1]]


def test_composed_and_decomposed_letters_hash_differently():
    composed, decomposed = (event for event in EVENTS if "composed" in event["name"])
    assert composed["header"] == decomposed["header"]
    assert composed["hash"] != decomposed["hash"]


@pytest.mark.parametrize("header", [b' {"a":1}', b'{"a":1} ', b'{"a":\n1}', b'{"a":"\xff"}', b"[]", b""], ids=repr)
def test_a_header_that_a_courier_could_change_is_refused(header):
    assert not envelope.well_formed_header(header)
    assert envelope.well_formed_header('{"đơn vị":"Cao Bằng"}'.encode())
