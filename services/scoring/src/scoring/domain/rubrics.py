"""The life of a table of criteria: draft, comments, revisions, agreement of every member, frozen, signed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from contracts.events.scoring import (
    EmulationAgreementSigned,
    RubricAgreed,
    RubricCommented,
    RubricDrafted,
    RubricFrozen,
    RubricRevised,
    Signatory,
)
from contracts.refusal import Refused
from contracts.values import Paper

from scoring.domain.canonical import canonical_hash
from scoring.domain.clusters import ClusterYear
from scoring.domain.form import form_of


@dataclass(frozen=True)
class Rubric:
    """A table as it stands: the newest version, who agreed to that one, and which version is frozen, if any."""

    rubric_id: str
    cluster_id: str
    year_id: str
    version: int
    form: dict[str, Any]
    drafted_by_unit: str
    agreed_by: frozenset[str] = frozenset()
    frozen_version: int | None = None
    frozen_hash: str | None = None

    @property
    def is_frozen(self) -> bool:
        """The newest version is the frozen one."""
        return self.frozen_version == self.version


def draft(
    rubric_id: str, cluster: ClusterYear, form: dict[str, Any], drafter: str, frozen_already: str | None
) -> RubricDrafted:
    """A first draft by a member or the body that runs the cluster.

    Raises ``drafter-not-of-cluster``; ``rubric-exists`` when another table of this cluster's year is frozen.
    """
    _of_cluster(cluster, drafter)
    if frozen_already is not None:
        raise Refused("rubric-exists", rubric=frozen_already, cluster=cluster.cluster_id, year=cluster.year_id)
    return RubricDrafted(
        rubric_id=rubric_id,
        cluster_id=cluster.cluster_id,
        year_id=cluster.year_id,
        version=1,
        title=form["title"],
        form=form,
        drafted_by_unit=drafter,
    )


def comment(rubric: Rubric, cluster: ClusterYear, unit_id: str, code: str | None, words: str) -> RubricCommented:
    """Raises ``not-a-member``, ``rubric-frozen``, ``unknown-criterion``."""
    cluster.must_be_member(unit_id)
    _open(rubric)
    if code is not None:
        known = {leaf.code for leaf in form_of(rubric.form).leaves()} | _section_codes(rubric.form)
        if code not in known:
            raise Refused("unknown-criterion", code=code, rubric=rubric.rubric_id)
    return RubricCommented(
        rubric_id=rubric.rubric_id, version=rubric.version, unit_id=unit_id, code=code, comment=words
    )


def revise(
    rubric: Rubric,
    cluster: ClusterYear,
    form: dict[str, Any],
    unit_id: str,
    reasons: str,
    *,
    scores_final: bool,
) -> RubricRevised:
    """The next version; of a frozen table it is a correction that all agree to again.

    Raises ``drafter-not-of-cluster``, ``scores-already-final`` once a card was finalised on the table, and
    ``form-unchanged``.
    """
    _of_cluster(cluster, unit_id)
    if scores_final:
        raise Refused("scores-already-final", rubric=rubric.rubric_id)
    if canonical_hash(form) == canonical_hash(rubric.form):
        raise Refused("form-unchanged", rubric=rubric.rubric_id, version=rubric.version)
    return RubricRevised(
        rubric_id=rubric.rubric_id,
        version=rubric.version + 1,
        title=form["title"],
        form=form,
        revised_by_unit=unit_id,
        reasons=reasons,
    )


def agree(rubric: Rubric, cluster: ClusterYear, unit_id: str, version: int) -> RubricAgreed:
    """Raises ``not-a-member``, ``rubric-frozen``, ``version-superseded``, ``already-agreed``."""
    cluster.must_be_member(unit_id)
    _open(rubric)
    if version != rubric.version:
        raise Refused("version-superseded", version=version, newest=rubric.version)
    if unit_id in rubric.agreed_by:
        raise Refused("already-agreed", unit=unit_id, version=version)
    return RubricAgreed(rubric_id=rubric.rubric_id, version=version, unit_id=unit_id)


def freeze(rubric: Rubric, cluster: ClusterYear) -> RubricFrozen:
    """Raises ``rubric-frozen``; ``agreement-missing`` with the members that have not agreed to this version."""
    _open(rubric)
    missing = [unit_id for unit_id in cluster.members if unit_id not in rubric.agreed_by]
    if missing:
        raise Refused("agreement-missing", units=missing, version=rubric.version)
    return RubricFrozen(
        rubric_id=rubric.rubric_id,
        cluster_id=rubric.cluster_id,
        year_id=rubric.year_id,
        version=rubric.version,
        hash=canonical_hash(rubric.form),
        agreed_by=tuple(unit_id for unit_id in cluster.members if unit_id in rubric.agreed_by),
    )


def sign(
    agreement_id: str,
    rubric: Rubric,
    cluster: ClusterYear,
    signatories: tuple[Signatory, ...],
    signed_on: date,
    place: str,
    paper: Paper | None,
) -> EmulationAgreementSigned:
    """The members sign on a frozen table. Raises ``rubric-not-frozen``, ``not-a-member``, ``signature-missing``."""
    if not rubric.is_frozen or rubric.frozen_hash is None:
        raise Refused("rubric-not-frozen", rubric=rubric.rubric_id, version=rubric.version)
    for signatory in signatories:
        cluster.must_be_member(signatory.unit_id)
    signed = {signatory.unit_id for signatory in signatories}
    missing = [unit_id for unit_id in cluster.members if unit_id not in signed]
    if missing:
        raise Refused("signature-missing", units=missing)
    return EmulationAgreementSigned(
        agreement_id=agreement_id,
        cluster_id=rubric.cluster_id,
        year_id=rubric.year_id,
        rubric_id=rubric.rubric_id,
        rubric_hash=rubric.frozen_hash,
        signatories=signatories,
        signed_on=signed_on,
        place=place,
        paper=paper,
    )


def _open(rubric: Rubric) -> None:
    if rubric.is_frozen:
        raise Refused("rubric-frozen", rubric=rubric.rubric_id, version=rubric.version)


def _of_cluster(cluster: ClusterYear, unit_id: str) -> None:
    if unit_id not in cluster.members and unit_id != cluster.run_by:
        raise Refused("drafter-not-of-cluster", unit=unit_id, cluster=cluster.cluster_id)


def _section_codes(node: dict[str, Any]) -> set[str]:
    found = {section["code"] for section in node.get("sections", ())}
    for section in node.get("sections", ()):
        found |= _section_codes(section)
    if "bonus" in node:
        found.add(node["bonus"]["code"])
    return found
