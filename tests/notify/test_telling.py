"""An event is told to exactly those concerned: inboxes and e-mails are intended once, on a real database."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from chassis import forks, received
from chassis.log import read_received
from chassis.positions import Position
from chassis.reacting import run_all
from chassis.testing import Trial
from contracts.events.awards.councils import CouncilBallotOpened, CouncilMemberRecused
from contracts.events.awards.proposals import AwardProposed, ProposalForwarded, ProposalReturned
from contracts.events.notify import NotificationIntended
from contracts.events.registry import ClusterMemberJoined, EmulationRegistrationAccepted, FilingMissed, ReportReturned
from contracts.events.scoring import RankingFinalized, RubricDrafted, RubricRevised

from tests.notify.around import AT, CLUSTER, DEPUTY, LEAD, MEMBERS, OFFICERS, OUTSIDER, example_of, grant, told


def inbox(*units: str) -> set[tuple[str, str]]:
    return {(f"unit:{unit}", "inbox") for unit in units}


def mail(*units: str) -> set[tuple[str, str]]:
    return {(f"person:{OFFICERS[unit]}", "email") for unit in units}


async def whom(notify: Trial, topic: str) -> set[tuple[str, str]]:
    return {(recipient, channel) for _, recipient, channel in await told(notify, topic)}


async def test_a_returned_report_is_told_to_its_unit_and_that_units_officer_alone(notify: Trial) -> None:
    await notify.given(example_of(ReportReturned, unit_id="ldld-son-la"), case="case-nam-2024-ldld-son-la")
    assert await whom(notify, "report-returned") == inbox("ldld-son-la") | mail("ldld-son-la")
    [intent, _] = [one for one in await notify.events(NotificationIntended) if one.data.topic == "report-returned"]
    assert intent.header.correlation == intent.data.case == "case-nam-2024-ldld-son-la"
    assert intent.data.params["reason"] == "text:Mục 2.3 chưa có minh chứng."


async def test_a_missing_report_is_told_to_the_unit_and_to_the_lead(notify: Trial) -> None:
    await notify.given(example_of(FilingMissed, unit_id="ldld-lai-chau"))
    assert await whom(notify, "filing-missed") == inbox("ldld-lai-chau", LEAD) | mail("ldld-lai-chau", LEAD)


async def test_a_draft_goes_to_every_member_but_the_one_who_wrote_it(notify: Trial) -> None:
    await notify.given(example_of(RubricDrafted, drafted_by_unit=DEPUTY))
    others = set(MEMBERS) - {DEPUTY}
    assert await whom(notify, "rubric-drafted") == inbox(*others) | mail(*others)
    await notify.given(example_of(RubricRevised, revised_by_unit=LEAD))
    others = set(MEMBERS) - {LEAD}
    assert await whom(notify, "rubric-revised") == inbox(*others) | mail(*others)


async def test_a_ranking_goes_to_the_members_and_to_nobody_outside(notify: Trial) -> None:
    await notify.given(example_of(RankingFinalized))
    assert await whom(notify, "ranking-finalized") == inbox(*MEMBERS) | mail(*MEMBERS)
    assert not any(OUTSIDER in recipient for recipient, _ in await whom(notify, "ranking-finalized"))


async def test_officers_of_one_unit_share_its_inbox_and_get_a_mail_each(notify: Trial) -> None:
    await notify.given(
        grant("chu-tich-son-la", "ldld-son-la", "leader"), grant("quan-sat-son-la", "ldld-son-la", "observer")
    )
    await notify.given(example_of(EmulationRegistrationAccepted, unit_id="ldld-son-la"))
    assert await whom(notify, "registration-accepted") == (
        inbox("ldld-son-la") | mail("ldld-son-la") | {("person:chu-tich-son-la", "email")}
    )


async def test_one_mail_to_a_person_who_speaks_for_two_of_the_units_told(notify: Trial) -> None:
    await notify.given(grant(OFFICERS[LEAD], "ldld-lai-chau"))
    await notify.given(example_of(FilingMissed, unit_id="ldld-lai-chau"))
    mails = [
        one.data.recipient
        for one in await notify.events(NotificationIntended)
        if one.data.topic == "filing-missed" and one.data.channel == "email"
    ]
    assert sorted(mails) == sorted([f"person:{OFFICERS[LEAD]}", f"person:{OFFICERS['ldld-lai-chau']}"])


async def test_a_proposal_that_is_returned_is_told_to_proposer_and_recipient(notify: Trial) -> None:
    proposal = example_of(AwardProposed)
    await notify.given(proposal, example_of(ProposalReturned))
    proposer, person = proposal.proposed_by, proposal.recipient.id
    assert await whom(notify, "proposal-returned") == (
        inbox(proposer) | mail(proposer) | {(f"person:{person}", "inbox"), (f"person:{person}", "email")}
    )


async def test_a_step_inside_a_body_is_not_told_as_one_to_another(notify: Trial) -> None:
    await notify.given(example_of(AwardProposed))
    inside = example_of(ProposalForwarded, from_body="ldld-cao-bang", to_body="ldld-cao-bang", to_stage="hoi-dong")
    await notify.given(inside)
    assert await whom(notify, "proposal-forwarded") == set()
    assert await whom(notify, "proposal-moved") == inbox(inside.proposed_by)


async def test_a_recused_council_member_hears_nothing_of_the_case(notify: Trial) -> None:
    voters = ["uy-vien-1", "uy-vien-2", "uy-vien-3"]
    await notify.given(
        example_of(AwardProposed),
        example_of(CouncilMemberRecused, person_id="uy-vien-3"),
        example_of(CouncilBallotOpened, voters=voters, recused=["uy-vien-2"]),
    )
    heard = {recipient for recipient, _ in await whom(notify, "council-ballot-opened")}
    assert heard == {"person:uy-vien-1"}


async def test_a_recused_officer_is_not_written_to_for_his_unit_either(notify: Trial) -> None:
    proposal = example_of(AwardProposed)
    officer = OFFICERS[proposal.proposed_by]
    await notify.given(proposal, example_of(CouncilMemberRecused, person_id=officer), example_of(ProposalReturned))
    assert (f"person:{officer}", "email") not in await whom(notify, "proposal-returned")
    shown = (await notify.get("/inbox", by=officer, unit_id=proposal.proposed_by)).json()["items"]
    assert all(notice["about"] != f"proposal:{proposal.proposal_id}" for notice in shown)


async def test_what_comes_before_its_cluster_waits_and_is_told_once_it_is_known(notify: Trial) -> None:
    await notify.given(example_of(RankingFinalized, cluster_id="khoi-so-nganh"))
    assert await told(notify, "ranking-finalized") == set()
    async with notify.runtime.engine.connect() as db:
        assert await db.scalar(sa.text("SELECT waiting_for FROM chassis.wait")) == "cluster:khoi-so-nganh"
    from contracts.events.registry import ClusterFormed

    await notify.given(
        example_of(ClusterFormed, cluster_id="khoi-so-nganh", kind="bloc", run_by="ldld-cao-bang"),
        ClusterMemberJoined.model_validate(
            {"cluster_id": "khoi-so-nganh", "unit_id": OUTSIDER, "period": {"starts": "2020-01-01"}}
        ),
    )
    # It was not a member on the day of the ranking as far as anyone knew then; membership is dated, so it is told.
    assert await whom(notify, "ranking-finalized") == inbox(OUTSIDER) | mail(OUTSIDER)


async def test_the_same_cause_seen_again_intends_nothing_again(notify: Trial) -> None:
    await notify.given(example_of(RankingFinalized))
    before = await told(notify)
    count = len(await notify.events(NotificationIntended))
    async with notify.runtime.engine.begin() as db:
        await db.execute(sa.text("UPDATE chassis.reaction_cursor SET seq = 0"))
    await run_all(notify.runtime)
    assert await told(notify) == before
    assert len(await notify.events(NotificationIntended)) == count


async def test_no_mail_goes_out_for_what_happened_long_ago(notify: Trial) -> None:
    old = AT.replace(year=2023)
    from contracts.envelope import Act

    act = Act(whose="unit:tld", typed_by="person:x", made=old, received=old, recorded=old)
    await notify.given(example_of(RankingFinalized, cluster_id=CLUSTER), act=act)
    assert {channel for _, channel in await whom(notify, "ranking-finalized")} == {"inbox"}


@pytest.mark.parametrize(
    ("wishes", "mailed"),
    [
        ([], True),
        ([{"email": False}], False),
        ([{"topic": "ranking-finalized", "email": False}], False),
        ([{"topic": "report-returned", "email": False}], True),
        ([{"email": False}, {"topic": "ranking-finalized", "email": True}], True),
    ],
)
async def test_a_choice_for_one_topic_stands_over_the_choice_for_all(
    notify: Trial, wishes: list[dict[str, object]], mailed: bool
) -> None:
    officer = OFFICERS["ldld-son-la"]
    for wish in wishes:
        answer = await notify.post("/preferences", wish, by=officer)
        assert answer.status_code == 200, answer.text
    await notify.given(example_of(RankingFinalized))
    assert ((f"person:{officer}", "email") in await whom(notify, "ranking-finalized")) is mailed
    assert ("unit:ldld-son-la", "inbox") in await whom(notify, "ranking-finalized")


async def test_replay_equals_the_live_tables(notify: Trial) -> None:
    await notify.given(
        example_of(RankingFinalized), example_of(RubricDrafted), example_of(AwardProposed), example_of(ProposalReturned)
    )
    await notify.post("/preferences", {"email": False}, by=OFFICERS[LEAD])
    assert await notify.replay_differences() == []


async def test_what_happens_again_on_the_branch_that_people_kept_is_told_again(notify: Trial) -> None:
    returned = example_of(ReportReturned, unit_id="ldld-son-la")
    await notify.given(returned)
    async with notify.runtime.engine.connect() as db:
        mark = await received.mark(db, "vn.registry")
        *_, before, last = await read_received(db, "vn.registry", 0)
    registry = next(one for one in notify.service.follows if one.log == "registry")
    branches = forks.Branches(Position.of(before), [last], mark, [], Position.of(before))
    decided = {"kept": "0" * 64, "reason": "bản sao lưu cũ", "by": "person:ky-thuat"}
    assert await forks.adopt(notify.runtime, registry, branches, **decided, voided=[]) == 1
    await replace(notify, _heads={}).given(returned)
    intents = [one.data for one in await notify.events(NotificationIntended) if one.data.topic == "report-returned"]
    assert {one.cause for one in intents} == {last.key}
    assert len({one.notification_id for one in intents}) == len(intents) == 4
