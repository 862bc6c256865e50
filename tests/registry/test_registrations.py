"""Registrations: in time, late, accepted late, missing, extended; and what an extension makes of earlier filings."""

from __future__ import annotations

from chassis.testing import Trial
from contracts.events.registry import (
    EmulationRegistrationAccepted,
    EmulationRegistrationSubmitted,
    FilingAcceptedLate,
    FilingMissed,
    FilingRejudged,
)

from tests.registry.world import CLUSTER, REGISTRATION, YEAR, at, done, etag_of, paper, refused, registration

ACCEPTANCE = {"reason": "Lũ quét, đường bị chia cắt", "paper": paper("16/CV-CTĐ", "2024-02-14"), "penalty_kept": True}
POSTED = {"means": "paper", "received": "2024-02-13T09:30:00+07:00", "paper": paper("12a/ĐK-LĐLĐ", "2024-02-01")}


async def marks(registry: Trial, by: str = "tld-thuong-truc") -> dict[str, str]:
    answer = await registry.get("/filings", by=by, year_id=YEAR, cluster_id=CLUSTER)
    assert answer.status_code == 200, answer.text
    return {one["unit_id"].removeprefix("ldld-"): one["mark"] for one in answer.json() if one["kind"] == "registration"}


async def test_a_registration_is_accepted_by_the_lead(registry: Trial) -> None:
    said = await done(registry, "/registrations", registration("ldld-son-la", id="dk-son-la"), by="son-la-can-bo")
    assert said["id"] == "dk-son-la"
    path = "/registrations/dk-son-la"
    await done(registry, f"{path}/acceptance", {}, by="cao-bang-thuong-truc", etag=await etag_of(registry, path))
    [fact] = await registry.events(EmulationRegistrationAccepted)
    assert (fact.data.unit_id, fact.data.received_by) == ("ldld-son-la", "ldld-cao-bang")
    assert (await registry.get(path, by="son-la-can-bo")).json()["state"] == "received"


async def test_a_registration_of_somebody_unknown_is_refused(registry: Trial) -> None:
    titles = [{"recipient": {"kind": "person", "id": "khong-ai-biet"}, "title": "cstd-co-so"}]
    body = registration("ldld-son-la", titles=titles)
    assert await refused(registry, "/registrations", body, by="son-la-can-bo") == (404, "person-unknown")


async def test_a_returned_registration_is_handed_in_again(registry: Trial) -> None:
    await done(registry, "/registrations", registration("ldld-son-la", id="dk-son-la"), by="son-la-can-bo")
    path = "/registrations/dk-son-la"
    too_low = {"reason": "Chỉ tiêu thấp hơn giao ước"}
    await done(registry, f"{path}/return", too_low, by="cao-bang-thuong-truc", etag=await etag_of(registry, path))
    again = await done(
        registry,
        f"{path}/submission",
        registration("ldld-son-la"),
        by="son-la-can-bo",
        etag=await etag_of(registry, path),
    )
    assert again["events"][0]["type"] == "registry.emulation-registration-submitted.v1"


async def test_in_time_late_accepted_late_missing_and_not_yet_are_told_apart(registry: Trial) -> None:
    await done(registry, "/registrations", registration("ldld-cao-bang"), by="cao-bang-can-bo")
    assert await marks(registry) == {
        "cao-bang": "on-time", "lao-cai": "not-yet", "lai-chau": "not-yet", "son-la": "not-yet",
    }  # fmt: skip
    await registry.at(at("2024-02-01 08:00"))
    assert (await marks(registry))["lai-chau"] == "overdue"
    await done(registry, "/registrations", registration("ldld-lao-cai"), by="lao-cai-can-bo")
    await registry.at(at("2024-02-14 08:00"))
    missed = await registry.events(FilingMissed)
    assert [fact.data.unit_id for fact in missed] == ["ldld-lai-chau", "ldld-son-la"]
    assert missed[0].header.act.typed_by == "service:registry"
    assert missed[0].header.act.recorded == at("2024-02-10 23:59:59")
    late = {**registration("ldld-lai-chau"), "acceptance": ACCEPTANCE, "act": POSTED}
    await done(registry, "/registrations/dk-lai-chau/late-acceptance", late, by="cao-bang-thuong-truc")
    assert await marks(registry) == {
        "cao-bang": "on-time", "lao-cai": "in-grace", "lai-chau": "accepted-late", "son-la": "missing",
    }  # fmt: skip


async def test_accepting_late_names_who_why_and_on_what_paper_and_waits_for_the_unit(registry: Trial) -> None:
    await registry.at(at("2024-02-14 08:00"))
    own = registration("ldld-lai-chau")
    assert await refused(registry, "/registrations", own, by="lai-chau-can-bo") == (
        409,
        "registration-after-hard-close",
    )
    late = {**own, "acceptance": ACCEPTANCE, "act": POSTED}
    path = "/registrations/dk-lai-chau/late-acceptance"
    assert await refused(registry, path, late, by="lai-chau-can-bo") == (403, "not-entitled")
    assert await refused(registry, path, late, by="lai-chau-thuong-truc") == (403, "not-entitled")
    await done(registry, path, late, by="cao-bang-thuong-truc")
    [submitted] = await registry.events(EmulationRegistrationSubmitted)
    [accepted] = await registry.events(FilingAcceptedLate)
    assert (submitted.data.punctuality, submitted.data.awaits_confirmation) == ("late", True)
    assert submitted.header.act.whose == "unit:ldld-lai-chau"
    assert accepted.data.accepted_by == "cao-bang-thuong-truc"
    assert accepted.header.act.whose == "person:cao-bang-thuong-truc"
    assert accepted.data.paper.number == "16/CV-CTĐ"
    seen = (await registry.get("/registrations/dk-lai-chau", by="lai-chau-can-bo")).json()
    assert seen["accepted_late"]["penalty_kept"] is True


async def test_the_lead_does_not_accept_its_own_late_filing_but_the_deputy_does(registry: Trial) -> None:
    await registry.at(at("2024-02-14 08:00"))
    late = {**registration("ldld-cao-bang"), "acceptance": ACCEPTANCE, "act": POSTED}
    path = "/registrations/dk-cao-bang/late-acceptance"
    assert await refused(registry, path, late, by="cao-bang-thuong-truc") == (403, "not-entitled")
    await done(registry, path, late, by="lao-cai-thuong-truc")


async def test_an_extension_for_one_unit_reopens_it_and_only_it(registry: Trial) -> None:
    await registry.at(at("2024-02-12 08:00"))
    extension = {"unit_ids": ["ldld-lai-chau"], "due": "2024-02-15", "reason": "Sạt lở đường"}
    path = f"/deadlines/{REGISTRATION}"
    await done(registry, f"{path}/extensions", extension, by="tld-thuong-truc", etag=await etag_of(registry, path))
    assert (await marks(registry))["lai-chau"] == "not-yet"
    assert (await marks(registry))["son-la"] == "missing"
    await done(registry, "/registrations", registration("ldld-lai-chau"), by="lai-chau-can-bo")
    still = await refused(registry, "/registrations", registration("ldld-son-la"), by="son-la-can-bo")
    assert still == (409, "registration-after-hard-close")
    assert (await marks(registry))["lai-chau"] == "on-time-by-extension"


async def test_who_does_not_use_an_extension_is_missing_again_at_the_new_hard_close(registry: Trial) -> None:
    await registry.at(at("2024-02-12 08:00"))
    path = f"/deadlines/{REGISTRATION}"
    extension = {"unit_ids": ["ldld-lai-chau"], "due": "2024-02-15", "reason": "Sạt lở đường"}
    await done(registry, f"{path}/extensions", extension, by="tld-thuong-truc", etag=await etag_of(registry, path))
    await registry.at(at("2024-02-16 08:00"))
    missed = [fact for fact in await registry.events(FilingMissed) if fact.data.unit_id == "ldld-lai-chau"]
    assert [fact.header.act.recorded for fact in missed] == [at("2024-02-10 23:59:59"), at("2024-02-15 23:59:59")]


async def test_an_extension_that_comes_later_judges_earlier_filings_again_in_their_favour(registry: Trial) -> None:
    await done(registry, "/registrations", registration("ldld-cao-bang"), by="cao-bang-can-bo")
    await registry.at(at("2024-02-06 08:00"))
    await done(registry, "/registrations", registration("ldld-son-la"), by="son-la-can-bo")
    assert await marks(registry) | {"son-la": "late"} == await marks(registry)
    path = f"/deadlines/{REGISTRATION}"
    extension = {"due": "2024-02-07", "grace_until": "2024-02-09", "hard_close": "2024-02-12", "reason": "Nghỉ Tết"}
    await done(registry, f"{path}/extensions", extension, by="tld-thuong-truc", etag=await etag_of(registry, path))
    [rejudged] = await registry.events(FilingRejudged)
    assert (rejudged.data.unit_id, rejudged.data.was, rejudged.data.punctuality) == (
        "ldld-son-la", "late", "on-time-by-extension",
    )  # fmt: skip
    assert (await marks(registry))["son-la"] == "on-time-by-extension"


async def test_extensions_are_given_by_the_desk_never_shorter_and_never_to_oneself(registry: Trial) -> None:
    path = f"/deadlines/{REGISTRATION}"
    etag = await etag_of(registry, path)
    own = {"unit_ids": ["ldld-cao-bang"], "due": "2024-02-07", "hard_close": "2024-02-12", "reason": "Bận"}
    shorter = {"due": "2024-01-30", "hard_close": "2024-02-20", "reason": "Bận"}
    extension = f"{path}/extensions"
    assert await refused(registry, extension, own, by="cao-bang-thuong-truc", etag=etag) == (403, "own-filing")
    assert await refused(registry, extension, own, by="son-la-thuong-truc", etag=etag) == (403, "not-entitled")
    assert await refused(registry, extension, shorter, by="tld-thuong-truc", etag=etag) == (409, "extension-not-later")


async def test_a_due_date_tells_its_weekday_and_from_which_rest_day_it_moved(registry: Trial) -> None:
    told = (await registry.get("/deadlines/han-bc-nam-2024", by="son-la-can-bo")).json()
    assert (told["due"], told["weekday"], told["moved_from"]) == ("2024-12-02T16:59:59Z", "thứ Hai", "2024-11-30")
    assert told["rest_day_told"].endswith("thứ Hai kế tiếp.")


async def test_a_cluster_year_has_one_deadline_a_kind(registry: Trial) -> None:
    again = {
        "year_id": YEAR,
        "cluster_id": CLUSTER,
        "filing": "registration",
        "due": "2024-02-20",
        "rest_day_rule": "stands",
    }
    assert await refused(registry, "/deadlines", again, by="tld-thuong-truc") == (409, "deadline-set-already")


async def test_who_was_a_member_on_the_due_day_still_owes_and_may_file(registry: Trial) -> None:
    path = f"/clusters/{CLUSTER}"
    left = {"ends": "2024-02-01", "reason": "Chuyển cụm"}
    await done(registry, f"{path}/members/ldld-son-la/departure", left, etag=await etag_of(registry, path))
    await registry.at(at("2024-02-03 08:00"))
    await done(registry, "/registrations", registration("ldld-son-la"), by="son-la-can-bo")
    assert (await marks(registry))["son-la"] == "in-grace"
