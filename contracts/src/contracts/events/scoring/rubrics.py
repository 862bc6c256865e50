"""A cluster's table of criteria: drafted, commented on, agreed by all, frozen, signed as an agreement."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from contracts.catalogue import Fact, event
from contracts.values import (
    ClusterId,
    CriterionCode,
    Paper,
    PersonId,
    RubricId,
    ShortText,
    Text,
    UnitId,
    Value,
    YearId,
)

Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
"""A SHA-256 digest, lower-case hexadecimal."""

Version = Annotated[int, Field(ge=1)]

_FORM = {
    "title": "Bảng tiêu chí thi đua Cụm Biên giới phía Bắc năm 2024",
    "sections": [
        {
            "code": "1",
            "title": "Chăm lo, bảo vệ quyền lợi đoàn viên, người lao động",
            "max_points": "40",
            "criteria": [
                {
                    "code": "1.1",
                    "title": "Doanh nghiệp có công đoàn ký thỏa ước lao động tập thể",
                    "kind": "proportional",
                    "max_points": "10",
                    "target": "registered",
                    "unit": "%",
                }
            ],
        }
    ],
    "rounding": {"places": "2", "at": "end"},
}


@event(
    "scoring.rubric-drafted.v1",
    aggregate="rubric",
    example={
        "rubric_id": "bang-tieu-chi-2024",
        "cluster_id": "cum-bien-gioi-phia-bac",
        "year_id": "nam-2024",
        "version": 1,
        "title": "Bảng tiêu chí thi đua Cụm Biên giới phía Bắc năm 2024",
        "form": _FORM,
        "drafted_by_unit": "ldld-cao-bang",
    },
)
class RubricDrafted(Fact):
    """A first draft: the year's deputy, or whoever the cluster charged, wrote it (the cluster plan of 2015, row 9)."""

    rubric_id: RubricId
    cluster_id: ClusterId
    year_id: YearId
    version: Version
    title: ShortText
    form: dict[str, Any]
    """The whole tree as canonical data: objects, lists and text; every number is decimal text."""
    drafted_by_unit: UnitId


@event(
    "scoring.rubric-commented.v1",
    aggregate="rubric",
    example={
        "rubric_id": "bang-tieu-chi-2024",
        "version": 1,
        "unit_id": "ldld-lao-cai",
        "code": "2.3",
        "comment": "Đề nghị tính cả thỏa ước nhóm doanh nghiệp.",
    },
)
class RubricCommented(Fact):
    """What a member says of a draft; without ``code`` it concerns the whole table."""

    rubric_id: RubricId
    version: Version
    unit_id: UnitId
    code: CriterionCode | None = None
    comment: Text


@event(
    "scoring.rubric-revised.v1",
    aggregate="rubric",
    example={
        "rubric_id": "bang-tieu-chi-2024",
        "version": 2,
        "title": "Bảng tiêu chí thi đua Cụm Biên giới phía Bắc năm 2024",
        "form": _FORM,
        "revised_by_unit": "ldld-cao-bang",
        "reasons": "Tiếp thu ý kiến LĐLĐ tỉnh Lào Cai về tiêu chí 2.3.",
    },
)
class RubricRevised(Fact):
    """The next version of a draft; what members agreed to before has to be agreed to again."""

    rubric_id: RubricId
    version: Version
    title: ShortText
    form: dict[str, Any]
    revised_by_unit: UnitId
    reasons: Text


@event(
    "scoring.rubric-agreed.v1",
    aggregate="rubric",
    example={"rubric_id": "bang-tieu-chi-2024", "version": 2, "unit_id": "ldld-son-la"},
)
class RubricAgreed(Fact):
    """One member agrees to one version; the act says whether online or from a signed paper."""

    rubric_id: RubricId
    version: Version
    unit_id: UnitId


@event(
    "scoring.rubric-frozen.v1",
    aggregate="rubric",
    public=True,
    example={
        "rubric_id": "bang-tieu-chi-2024",
        "cluster_id": "cum-bien-gioi-phia-bac",
        "year_id": "nam-2024",
        "version": 2,
        "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "agreed_by": ["ldld-cao-bang", "ldld-lao-cai", "ldld-son-la"],
    },
)
class RubricFrozen(Fact):
    """All members agreed: from here on this version counts and never changes."""

    rubric_id: RubricId
    cluster_id: ClusterId
    year_id: YearId
    version: Version
    hash: Sha256
    """SHA-256 over the canonical JSON of the form."""
    agreed_by: tuple[UnitId, ...]


class Signatory(Value):
    """Who signed for which member; the person where known by id."""

    unit_id: UnitId
    person_id: PersonId | None = None


@event(
    "scoring.emulation-agreement-signed.v1",
    aggregate="agreement",
    public=True,
    example={
        "agreement_id": "giao-uoc-2024",
        "cluster_id": "cum-bien-gioi-phia-bac",
        "year_id": "nam-2024",
        "rubric_id": "bang-tieu-chi-2024",
        "rubric_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "signatories": [{"unit_id": "ldld-cao-bang"}, {"unit_id": "ldld-lao-cai"}],
        "signed_on": "2023-12-05",
        "place": "Thành phố Lào Cai",
        "paper": {"number": "01/GƯ-CTĐ", "date": "2023-12-05"},
    },
)
class EmulationAgreementSigned(Fact):
    """The giao ước thi đua: the members sign, usually at the year-end conference of the year before."""

    agreement_id: RubricId
    cluster_id: ClusterId
    year_id: YearId
    rubric_id: RubricId
    rubric_hash: Sha256
    signatories: Annotated[tuple[Signatory, ...], Field(min_length=1)]
    signed_on: date
    place: ShortText
    paper: Paper | None = None
