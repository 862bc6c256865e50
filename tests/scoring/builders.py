"""A small sound table, a cluster and cards to build tests from."""

from __future__ import annotations

from datetime import datetime, timezone
from fractions import Fraction
from pathlib import Path
from typing import Any

import scoring
from contracts.events.scoring import (
    BallotClosed,
    BallotOpened,
    BallotPurpose,
    BallotWay,
    OptionTally,
    ScoreFinalized,
    ScoreLayer,
)
from contracts.values import Threshold
from scoring.adapters.yaml_form import read_form
from scoring.domain.clusters import ClusterYear, scorecard_id
from scoring.domain.engine import CardInput, Entry, score_cluster
from scoring.domain.finalizing import report
from scoring.domain.form import Form, form_of
from scoring.domain.kinds import Figure
from scoring.domain.ranking import ClosedBallot
from scoring.domain.scorecards import Card

EXAMPLE = Path(scoring.__file__).parent / "examples" / "cum-40-40-15-5.yaml"
MEMBERS = (
    "ldld-cao-bang",
    "ldld-ha-giang",
    "ldld-lang-son",
    "ldld-lao-cai",
    "ldld-lai-chau",
    "ldld-dien-bien",
    "ldld-son-la",
)
NOON = datetime(2024, 12, 10, 5, 0, tzinfo=timezone.utc)

SMALL = """\
title: Bảng nhỏ
sections:
  - code: "1"
    title: Phần một
    max_points: 20
    criteria:
      - {code: "1.1", title: Chỉ tiêu, kind: proportional, max_points: 10, target: 100}
      - {code: "1.2", title: Định tính, kind: qualitative, max_points: 4}
      - {code: "1.3", title: Điểm gõ, kind: direct, max_points: 6}
  - code: "2"
    title: Phần hai
    max_points: 10
    criteria:
      - {code: "2.1", title: Trừ điểm, kind: deducting, max_points: 10, per_fault: 2}
      - {code: "2.2", title: Cộng trừ, kind: plus-minus, max_points: 2, bonus: 1, penalty: 1, floor: -3}
rounding: {places: 2, at: end}
review_days: 5
ranking:
  compares: rounded
  ties: ["section:2", "criterion:1.1", vote]
  leading: {count: 1, by: rank}
  excellent: {percent: 30, rounding: down, by: rank}
  legal_basis: [Quy chế của Cụm]
"""


def form_data(typed: str = SMALL) -> dict[str, Any]:
    data, faults = read_form(typed)
    assert data is not None, faults
    return data


def small_form() -> Form:
    return form_of(form_data())


def cluster(*members: str, lead: str | None = "ldld-cao-bang", deputy: str | None = "ldld-lao-cai") -> ClusterYear:
    return ClusterYear("cum-bien-gioi-phia-bac", "nam-2024", False, "tld", members or MEMBERS, lead, deputy)


def given(actual: Any = None, *, points: Any = None, against: Any = None, target: Any = None) -> Entry:
    def number(value: Any) -> Fraction | None:
        return None if value is None else Fraction(str(value))

    return Entry(figure=Figure(number(actual), number(against), number(target), number(points)))


def entered(lines: dict[str, Entry], **later: dict[str, Entry]) -> CardInput:
    layers = {ScoreLayer.SELF: lines, **{ScoreLayer(layer): entries for layer, entries in later.items()}}
    return CardInput(layers=layers)


def full(a: Any = 100, b: Any = 1, c: Any = 6, d: Any = 0, e: Any = 0) -> dict[str, Entry]:
    """Entries for every line of the small table."""
    return {"1.1": given(a), "1.2": given(b), "1.3": given(points=c), "2.1": given(d), "2.2": given(e, against=0)}


def card(unit_id: str = "ldld-son-la", lines: dict[str, Entry] | None = None, **changes: Any) -> Card:
    where = cluster()
    return Card(
        scorecard_id=scorecard_id(where.cluster_id, where.year_id, unit_id),
        unit_id=unit_id,
        cluster=changes.pop("cluster", where),
        entered=changes.pop("entered", entered(lines if lines is not None else full())),
        **changes,
    )


def final(unit_id: str, lines: dict[str, Entry] | None = None) -> ScoreFinalized:
    subject = card(unit_id, lines)
    score = score_cluster(small_form(), {unit_id: subject.entered})[unit_id]
    return report(small_form(), subject, score, "bang-nho", "0" * 64, "thẩm định")


def opened(purpose: BallotPurpose, options: tuple[str, ...] = MEMBERS, **changes: Any) -> BallotOpened:
    fields: dict[str, Any] = {
        "ballot_id": f"phieu-{purpose.value}",
        "cluster_id": "cum-bien-gioi-phia-bac",
        "year_id": "nam-2024",
        "purpose": purpose,
        "title": "Bỏ phiếu",
        "electorate": MEMBERS,
        "options": options,
        "threshold": Threshold(percentage="50", denominator="present", quorum="50", strictly_more=True),
        "self_vote": True,
        "way": BallotWay.ELECTRONIC_OPEN,
        "choose": 1,
    }
    return BallotOpened(**{**fields, **changes})


def closed(
    purpose: BallotPurpose, votes: dict[str, int], elected: tuple[str, ...] = (), **changes: Any
) -> ClosedBallot:
    ballot = opened(purpose, tuple(votes), settles=tuple(votes) if purpose is BallotPurpose.TIE else (), **changes)
    return ClosedBallot(
        ballot,
        BallotClosed(
            ballot_id=ballot.ballot_id,
            cluster_id=ballot.cluster_id,
            year_id=ballot.year_id,
            purpose=purpose,
            tally=tuple(OptionTally(option=option, votes=number) for option, number in votes.items()),
            members=7,
            present=7,
            valid=sum(votes.values()),
            abstentions=0,
            quorum_met=True,
            elected=elected,
            why="…",
            closed_on="2024-12-20",
        ),
    )
