"""Which sites there are and what travels between, as data: streams, consumers and rights of each; what is withheld."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from chassis import subjects
from chassis.facts import Stored
from chassis.quarantine_steps import item
from chassis.rights import all_rights
from chassis.site_tree import SiteTree
from chassis.topology import Topology, stream_configs
from chassis.wire import from_headers, to_headers
from chassis.withheld import withhold
from contracts.envelope import event_hash, seed_hash
from pydantic import ValidationError
from thidua.local.folders import sites_file, topology_file

TREE = SiteTree.load(sites_file())
BASE = Topology.load(topology_file())
HUB, PROVINCE = TREE.topology(BASE, "vn"), TREE.topology(BASE, "caobang")


def event() -> Stored:
    header, data = b'{"type":"registry.grant-given.v1","subjects":["grant:1"]}', b'{"grant_id":"1"}'
    prev = seed_hash("vn.registry")
    return Stored("vn.registry", 1, 1, prev, event_hash(prev, 1, 1, header, data), header, data, "00-ab-cd-01")


def test_the_hub_keeps_the_streams_of_every_link_and_the_province_none_but_its_own() -> None:
    crossing = {name for name in stream_configs(HUB) if not name.startswith("loc-")}
    link = TREE.below["caobang"]
    assert crossing == {f"up-caobang-{name}" for name in link.up} | {f"down-caobang-{name}" for name in link.down}
    assert all(name.startswith("loc-") for name in stream_configs(PROVINCE))


def test_no_two_streams_take_the_same_subject() -> None:
    taken = [subject for config in stream_configs(HUB).values() for subject in config.subjects or []]
    heads = {tuple(subject.split(".")[: 2 if subject.startswith("loc") else 4]) for subject in taken}
    assert len(taken) == len(set(taken))
    assert {head[0] for head in heads} == {"loc", "up", "down"}


def test_nothing_said_inside_a_site_may_cross_the_line() -> None:
    leaf = all_rights(HUB)[subjects.leaf("caobang")]
    assert not [one for one in (*leaf.publish, *leaf.subscribe) if one.startswith(("loc.", "wake.", "clock."))]
    assert not leaf.allow_responses


def test_a_province_may_ask_for_the_centres_log_only_as_itself() -> None:
    leaf = all_rights(HUB)[subjects.leaf("caobang")]
    asked = [one for one in leaf.publish if one.startswith("log.vn.")]
    assert asked == [subjects.log_read("vn", name, "caobang") for name in TREE.below["caobang"].down]


def test_a_scope_is_at_home_at_one_site_only(tmp_path: Path) -> None:
    link = {"serves": ["ldld-cao-bang"], "up": ["registry"]}
    with pytest.raises(ValidationError, match="ldld-cao-bang is at home"):
        SiteTree.model_validate({"hub": "vn", "below": {"caobang": link, "langson": link}})


def test_a_withheld_event_says_nothing_and_still_fits_the_chain() -> None:
    whole = event()
    veiled = withhold(whole)
    assert (veiled.hash, veiled.prev) == (whole.hash, whole.prev)
    assert veiled.hash_fits()
    assert not replace(veiled, data=bytes(32)).hash_fits()
    kind, block = to_headers(veiled, "down-caobang-registry", None)
    assert kind == "withheld"
    assert b"grant" not in block
    assert b"grant" not in veiled.data


def test_a_withheld_event_travels_and_is_passed_over() -> None:
    veiled = withhold(event())
    _, block = to_headers(veiled, "down-caobang-registry", None)
    headers = dict(line.split(": ", 1) for line in block.decode().strip().split("\r\n")[1:])
    arrived = from_headers(headers, veiled.data)
    assert arrived == veiled
    taken = item(arrived)
    assert (taken.fact, taken.poison, taken.subjects) == (None, None, ())


def test_neighbours_are_told_to_services_as_json() -> None:
    from thidua.local.site import neighbours

    assert json.loads(str(neighbours(HUB)["below"])) == {"caobang": ["ldld-cao-bang"]}
    assert neighbours(PROVINCE)["above"] == "vn"
    assert neighbours(BASE) == {}
