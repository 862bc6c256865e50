"""What happened before: a cluster of border provinces with officers, as registry tells it."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Any

from chassis.testing import Trial
from contracts.catalogue import Fact
from contracts.events.notify import NotificationIntended
from contracts.events.registry import (
    ClusterFormed,
    ClusterLeadershipAssumed,
    ClusterMemberJoined,
    DeadlineSet,
    GrantGiven,
    UnitRecorded,
)

from contracts import catalogue

AT = datetime(2024, 1, 15, 2, 0, tzinfo=timezone.utc)
CLUSTER, YEAR = "cum-bien-gioi-phia-bac", "nam-2024"
LEAD, DEPUTY = "ldld-cao-bang", "ldld-lao-cai"
MEMBERS = (LEAD, "ldld-ha-giang", "ldld-lang-son", DEPUTY, "ldld-lai-chau", "ldld-dien-bien", "ldld-son-la")
NAMES = {
    "ldld-cao-bang": "Liên đoàn Lao động tỉnh Cao Bằng",
    "ldld-son-la": "Liên đoàn Lao động tỉnh Sơn La",
}
OUTSIDER = "ldld-bac-kan"
"""A province that is no member of the cluster."""
OFFICERS = {unit: f"can-bo-{unit.removeprefix('ldld-')}" for unit in (*MEMBERS, OUTSIDER, "tld")}
BEGINS = date(2020, 1, 1)


def example_of(model: type[Fact], **changes: Any) -> Any:
    """An event as its catalogue example has it, with some fields changed."""
    return model.model_validate(catalogue.entry(model).example | changes)


def units() -> list[Fact]:
    recorded: list[Fact] = [
        UnitRecorded.model_validate(
            {"unit_id": "tld", "code": "TLD", "name": "Tổng Liên đoàn Lao động Việt Nam", "level": "national",
             "kind": "federation", "effective": BEGINS}
        )
    ]  # fmt: skip
    for nr, unit in enumerate((*MEMBERS, OUTSIDER)):
        recorded.append(
            UnitRecorded.model_validate(
                {"unit_id": unit, "code": f"LDLD-{nr:02}", "name": NAMES.get(unit, f"LĐLĐ {unit}"),
                 "level": "province", "kind": "federation", "parent_id": "tld", "effective": BEGINS}
            )
        )  # fmt: skip
    return recorded


def grant(person: str, unit: str, role: str = "officer") -> GrantGiven:
    return GrantGiven.model_validate(
        {
            "grant_id": f"{role[:8]}-{person}-{unit}"[:64],
            "person_id": person,
            "role": role,
            "unit_id": unit,
            "period": {"starts": BEGINS},
        }
    )


def cluster() -> list[Fact]:
    return [
        example_of(ClusterFormed),
        *(
            ClusterMemberJoined.model_validate({"cluster_id": CLUSTER, "unit_id": unit, "period": {"starts": BEGINS}})
            for unit in MEMBERS
        ),
        example_of(ClusterLeadershipAssumed, lead_unit_id=LEAD, deputy_unit_id=DEPUTY),
    ]


def officers() -> list[Fact]:
    """One officer in each unit."""
    return [grant(person, unit) for unit, person in OFFICERS.items()]


def deadline(due: str, close: str, filing: str = "year-report", id: str = "han-bc-nam-2024") -> DeadlineSet:
    return example_of(
        DeadlineSet, deadline_id=id, filing=filing, due=due, grace_until=due, hard_close=close, moved_from=None
    )


async def told(notify: Trial, *topics: str) -> set[tuple[str, str, str]]:
    """(topic, recipient, channel) of everything intended since the beginning; only of some topics if named."""
    intents = await notify.events(NotificationIntended)
    return {
        (one.data.topic, one.data.recipient, one.data.channel.value)
        for one in intents
        if not topics or one.data.topic in topics
    }
