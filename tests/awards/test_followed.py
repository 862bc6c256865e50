"""What registry and scoring say is counted: ratings, discipline, campaigns, joined persons, registrations."""

from datetime import date

from contracts.events.registry.campaigns import CampaignLaunched, CampaignReviewed
from contracts.events.registry.people import (
    CleanRecordStated,
    DisciplineRecorded,
    PersonsJoined,
    PersonsSeparated,
    PostAssumed,
    PostLeft,
)
from contracts.events.registry.registrations import EmulationRegistrationReturned

from tests.awards.world import BOSS, CAO_BANG, CLUSTER, DAO, LAO_CAI, SON_LA, YEAR, paper, ranking, rated, read, refused


async def asked(trial, title, day="2025-01-06", *, by=BOSS, **more):
    answer = await read(trial, "/eligibility", by=by, title=title, day=day, **more)
    return answer["assessment"]


def conditions(assessment):
    return {
        one["code"]: one
        for one in [*assessment["general"], *(c for route in assessment["routes"] for c in route["conditions"])]
    }


def punished(person, measure, day):
    return DisciplineRecorded(
        discipline_id=f"kl-{person}",
        subject={"kind": "person", "id": person},
        date=day,
        measure=measure,
        decision=paper("07-QĐ/KL", str(day)),
        source="Quyết định kỷ luật",
    )


async def test_a_rating_counts_with_the_event_it_rests_on(awards):
    await awards.given(rated("person", DAO["id"], 2024, "good"))
    assessment = await asked(awards, "ldtt", **DAO, unit_id=CAO_BANG, year_id=YEAR)
    assert assessment["outcome"] == "eligible"
    (counted,) = conditions(assessment)["xep-loai.1"]["counted"]
    assert counted["text"] == "Năm 2024: hoàn thành tốt nhiệm vụ"
    assert counted["event_id"]


async def test_a_later_rating_of_the_year_replaces_the_former(awards):
    await awards.given(rated("person", DAO["id"], 2024, "good"))
    await awards.given(rated("person", DAO["id"], 2024, "completed"))
    assessment = await asked(awards, "ldtt", **DAO, unit_id=CAO_BANG, year_id=YEAR)
    assert assessment["outcome"] == "not-eligible"


async def test_discipline_of_a_member_counts_only_while_the_member_belongs_to_the_unit(awards):
    of = {"kind": "unit", "id": LAO_CAI, "year_id": YEAR}

    def post(name, person, **more):
        return PostAssumed(
            post_id=name, person_id=person, unit_id=LAO_CAI, post="Chuyên viên", direct_worker=False, **more
        )

    await awards.given(
        post("post-cu", "nguoi-cu", period={"starts": "2020-01-01"}),
        PostLeft(post_id="post-cu", person_id="nguoi-cu", ends=date(2024, 3, 1)),
        punished("nguoi-cu", "dismissal", date(2024, 6, 1)),
        CleanRecordStated(
            statement_id="kkl-lao-cai",
            subject={"kind": "unit", "id": LAO_CAI},
            year=2024,
            paper=paper("31/XN", "2024-12-10"),
        ),
    )
    assert conditions(await asked(awards, "tap-the-ldtt", **of))["thanh-tich.3"]["outcome"] == "met"
    await awards.given(
        post("post-nay", "nguoi-nay", period={"starts": "2020-01-01"}),
        punished("nguoi-nay", "warning", date(2024, 6, 1)),
    )
    assert conditions(await asked(awards, "tap-the-ldtt", **of))["thanh-tich.3"]["outcome"] == "not-met"


async def test_a_ranking_is_a_place_and_a_later_one_replaces_it(awards):
    of = {"kind": "unit", "id": SON_LA, "year_id": YEAR}
    await awards.given(ranking(ldld_son_la="leading"))
    assert conditions(await asked(awards, "co-tld", **of))["dan-dau.1"]["outcome"] == "met"
    await awards.given(ranking(ldld_lao_cai="leading", ldld_son_la="none"))
    assert conditions(await asked(awards, "co-tld", **of))["dan-dau.1"]["outcome"] == "not-met"


async def test_a_campaign_counts_with_its_years_and_closing_review(awards):
    await awards.given(
        CampaignLaunched(
            campaign_id="xanh-sach-dep",
            title="Xanh, sạch, đẹp",
            span="several-year",
            scope="thematic",
            joined=False,
            launched_by="tld",
            period={"starts": "2021-01-01", "ends": "2024-12-31"},
            goals=["a"],
            targets=["b"],
            content=["c"],
            measures=["d"],
            participants=["e"],
        )
    )
    of = {"kind": "unit", "id": CAO_BANG, "year_id": YEAR, "award_type": "thematic", "campaign_id": "xanh-sach-dep"}
    assert (await asked(awards, "co-thi-dua-cap-tinh", **of))["outcome"] == "not-eligible"
    await awards.given(
        CampaignReviewed(campaign_id="xanh-sach-dep", on=date(2024, 12, 31), result="closed", finding="Tổng kết")
    )
    assert (await asked(awards, "co-thi-dua-cap-tinh", **of))["outcome"] == "for-council"


async def test_joined_persons_have_one_history_until_they_are_separated(awards):
    double = "p-0198c"
    await awards.given(rated("person", double, 2024, "excellent"))
    of = {**DAO, "unit_id": CAO_BANG, "year_id": YEAR}
    assert (await asked(awards, "ldtt", **of))["outcome"] == "to-be-completed"
    await awards.given(PersonsJoined(kept_id=DAO["id"], joined_id=double, reason="Cùng số thẻ"))
    assert (await asked(awards, "ldtt", **of))["outcome"] == "eligible"
    await awards.given(PersonsSeparated(kept_id=DAO["id"], joined_id=double, reason="Khác ngày sinh"))
    assert (await asked(awards, "ldtt", **of))["outcome"] == "to-be-completed"


async def test_registration_is_yes_no_or_for_an_unnamed_person_unknown(awards):
    async def state(**of):
        return conditions(await asked(awards, "ldtt", unit_id=of.pop("unit_id"), year_id=YEAR, **of))["dang-ky"][
            "outcome"
        ]

    assert await state(**DAO, unit_id=CAO_BANG) == "met"
    assert await state(kind="person", id="nguoi-khac", unit_id=CAO_BANG) == "unknown"
    assert await state(kind="person", id="nguoi-khac", unit_id=SON_LA) == "not-met"
    await awards.given(
        EmulationRegistrationReturned(
            registration_id=f"dk-{CAO_BANG}",
            year_id=YEAR,
            cluster_id=CLUSTER,
            unit_id=CAO_BANG,
            revision=1,
            reason="Thiếu",
        )
    )
    assert await state(**DAO, unit_id=CAO_BANG) == "not-met"


async def test_a_persons_history_is_not_read_through_a_unit_that_is_not_the_persons(awards):
    answer = await awards.get("/history", by="can-bo-lao-cai", **DAO, unit_id=LAO_CAI)
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("person-of-other-unit")
    assert (await awards.get("/history", by="can-bo-lao-cai", **DAO, unit_id=CAO_BANG)).status_code == 403
    assert (await awards.get("/history", by=DAO["id"], **DAO, unit_id=CAO_BANG)).status_code == 200


async def test_only_the_standing_office_of_the_persons_unit_records_history(awards):
    body = {
        "recipient": DAO,
        "unit_id": CAO_BANG,
        "title": "cstd-co-so",
        "year": 2022,
        "decision": paper(),
        "source": "Sổ",
    }
    assert (await refused(awards, "/history", body, by="can-bo-cao-bang"))["status"] == 403
    wrong = {**body, "unit_id": LAO_CAI}
    assert (await refused(awards, "/history", wrong))["rule_code"] == "person-of-other-unit"


async def test_replay_of_the_followed_logs_equals_live(awards):
    await awards.given(
        rated("unit", CAO_BANG, 2024, "excellent"),
        ranking(ldld_cao_bang="leading"),
        PersonsJoined(kept_id=DAO["id"], joined_id="p-0198c", reason="Cùng số thẻ"),
    )
    assert await awards.replay_differences() == []
