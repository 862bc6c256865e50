"""Draft, comments, agreement of every member, frozen, signed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from contracts.events.scoring import Signatory
from contracts.refusal import Refused
from scoring.domain import rubrics
from scoring.domain.canonical import canonical_hash

from tests.scoring.builders import MEMBERS, SMALL, cluster, form_data


def rubric(**changes: object) -> rubrics.Rubric:
    fields = rubrics.Rubric(
        "bang-nho", "cum-bien-gioi-phia-bac", "nam-2024", 2, form_data(), "ldld-lao-cai", frozenset(MEMBERS)
    )
    return replace(fields, **changes)  # type: ignore[arg-type]


def refused(rule: str):
    return pytest.raises(Refused, match=f"^{rule}")


def test_a_member_or_the_body_above_drafts_and_nobody_else() -> None:
    for drafter in ("ldld-lao-cai", "tld"):
        assert rubrics.draft("bang", cluster(), form_data(), drafter, None).version == 1
    with refused("drafter-not-of-cluster"):
        rubrics.draft("bang", cluster(), form_data(), "ldld-ha-noi", None)


def test_a_cluster_has_one_frozen_table_a_year() -> None:
    with refused("rubric-exists"):
        rubrics.draft("bang", cluster(), form_data(), "tld", "bang-cu")


def test_comments_name_a_line_that_exists_and_end_with_freezing() -> None:
    assert rubrics.comment(rubric(), cluster(), "ldld-son-la", "1.1", "Cao quá").code == "1.1"
    assert rubrics.comment(rubric(), cluster(), "ldld-son-la", "2", "Cả phần").code == "2"
    with refused("unknown-criterion"):
        rubrics.comment(rubric(), cluster(), "ldld-son-la", "9.9", "Cao quá")
    with refused("rubric-frozen"):
        rubrics.comment(rubric(frozen_version=2), cluster(), "ldld-son-la", None, "Muộn")


def test_a_revision_raises_the_version_and_must_change_something() -> None:
    changed = form_data(SMALL.replace("target: 100", "target: 90"))
    fact = rubrics.revise(rubric(), cluster(), changed, "ldld-lao-cai", "Góp ý", scores_final=False)
    assert fact.version == 3
    with refused("form-unchanged"):
        rubrics.revise(rubric(), cluster(), form_data(), "ldld-lao-cai", "Góp ý", scores_final=False)
    with refused("scores-already-final"):
        rubrics.revise(rubric(), cluster(), changed, "ldld-lao-cai", "Góp ý", scores_final=True)


def test_each_member_agrees_once_to_the_newest_version() -> None:
    fresh = rubric(agreed_by=frozenset({"ldld-cao-bang"}))
    assert rubrics.agree(fresh, cluster(), "ldld-son-la", 2).unit_id == "ldld-son-la"
    with refused("version-superseded"):
        rubrics.agree(fresh, cluster(), "ldld-son-la", 1)
    with refused("already-agreed"):
        rubrics.agree(fresh, cluster(), "ldld-cao-bang", 2)
    with refused("not-a-member"):
        rubrics.agree(fresh, cluster(), "ldld-ha-noi", 2)


def test_freezing_needs_every_member_and_names_who_is_missing() -> None:
    with pytest.raises(Refused) as refusal:
        rubrics.freeze(rubric(agreed_by=frozenset(MEMBERS[:-1])), cluster())
    assert refusal.value.values["units"] == ["ldld-son-la"]
    fact = rubrics.freeze(rubric(), cluster())
    assert fact.hash == canonical_hash(form_data())
    with refused("rubric-frozen"):
        rubrics.freeze(rubric(frozen_version=2), cluster())


def test_the_agreement_is_signed_by_all_on_the_frozen_table() -> None:
    everybody = tuple(Signatory(unit_id=unit) for unit in MEMBERS)
    frozen = rubric(frozen_version=2, frozen_hash="0" * 64)
    signed = rubrics.sign("giao-uoc", frozen, cluster(), everybody, date(2023, 12, 5), "Lào Cai", None)
    assert signed.rubric_hash == "0" * 64
    with refused("signature-missing"):
        rubrics.sign("giao-uoc", frozen, cluster(), everybody[1:], date(2023, 12, 5), "Lào Cai", None)
    with refused("rubric-not-frozen"):
        rubrics.sign("giao-uoc", rubric(), cluster(), everybody, date(2023, 12, 5), "Lào Cai", None)
