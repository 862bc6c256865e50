"""Persons: one id a human being, found by number or name, doubles decided by people, posts and offices dated."""

from __future__ import annotations

from chassis.testing import Trial
from contracts.events.registry import PersonsJoined

from tests.registry.world import ADMIN, done, etag_of, paper, person, refused, registration

CARD = {"member_card": "14-001234"}


async def found(registry: Trial, **query: str) -> list[str]:
    answer = await registry.get("/people", by="son-la-can-bo", **query)
    return [one["id"] for one in answer.json()["items"]]


async def doubles(registry: Trial, person_id: str) -> list[str]:
    return [one["id"] for one in (await registry.get(f"/people/{person_id}/doubles", by=ADMIN)).json()]


async def test_a_person_is_found_by_number_or_by_name_birth_date_and_unit(registry: Trial) -> None:
    told = {"birth_date": "1982-04-30", "citizen_number": "004182000123", **CARD}
    await done(registry, "/people", person("dao", "Nguyễn Thị Đào", "ldld-son-la", **told))
    await done(registry, "/people", person("dao-2", "Nguyễn Thị Đào", "ldld-lai-chau", birth_date="1990-01-01"))
    assert await found(registry, member_card="14-001234") == ["dao"]
    assert await found(registry, citizen_number="004182000123") == ["dao"]
    assert await found(registry, name="nguyen thi dao") == ["dao", "dao-2"]
    assert await found(registry, name="Nguyễn Thị Đào", birth_date="1990-01-01") == ["dao-2"]
    assert await found(registry, name="Đào", unit_id="ldld-son-la") == ["dao"]


async def test_numbers_and_birth_dates_are_searched_by_those_who_keep_persons_only(registry: Trial) -> None:
    await done(registry, "/people", person("dao", "Nguyễn Thị Đào", "ldld-son-la", **CARD))
    assert (await registry.get("/people", by="dao", member_card="14-001234")).status_code == 403
    assert (await registry.get("/people", by="dao", name="Nguyễn Thị Đào")).status_code == 200


async def test_people_are_paged_by_given_name(registry: Trial) -> None:
    for nr, name in enumerate(["Lê Ưởng", "Bế Ánh", "Nguyễn Đức", "Trần An", "Vũ Dũng"]):
        await done(registry, "/people", person(f"nguoi-{nr}", name, "ldld-son-la"))
    seen: list[str] = []
    cursor = None
    while True:
        query = {"unit_id": "ldld-son-la", "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await registry.get("/people", by=ADMIN, **query)).json()
        seen += [one["name"] for one in page["items"]]
        if (cursor := page.get("next")) is None:
            break
    assert seen == ["Trần An", "Bế Ánh", "Vũ Dũng", "Nguyễn Đức", "Lê Văn Sơn La", "Nguyễn Thị Sơn La", "Lê Ưởng"]


async def test_a_card_number_names_one_person(registry: Trial) -> None:
    await done(registry, "/people", person("dao", "Nguyễn Thị Đào", "ldld-son-la", **CARD))
    again = await registry.post("/people", person("dao-2", "Nguyen Thi Dao", "ldld-son-la", **CARD), by=ADMIN)
    assert (again.status_code, again.json()["persons"]) == (409, ["dao"])
    changed = await registry.put("/people/son-la-can-bo/particulars", {"name": "Nguyễn Thị Sơn La", **CARD}, by=ADMIN)
    assert changed.json()["type"] == "urn:thidua:problem:person-number-taken"


async def test_a_misspelt_name_is_set_right_without_an_event(registry: Trial) -> None:
    await done(registry, "/people", person("dao", "Nguyễn Thị Đao", "ldld-son-la"))
    before = len(await registry.events())
    put = await registry.put("/people/dao/particulars", {"name": "Nguyễn Thị Đào"}, by="son-la-can-bo")
    assert put.json()["name"] == "Nguyễn Thị Đào"
    foreign = await registry.put("/people/dao/particulars", {"name": "Ai đó"}, by="lai-chau-can-bo")
    assert foreign.status_code == 403
    assert len(await registry.events()) == before


async def test_likely_doubles_are_shown_joined_and_separated_by_a_person(registry: Trial) -> None:
    born = {"birth_date": "1982-04-30"}
    await done(registry, "/people", person("dao", "Nguyễn Thị Đào", "ldld-son-la", **born))
    await done(registry, "/people", person("dao-2", "NGUYEN THI DAO", "ldld-lai-chau", **born))
    await done(registry, "/people", person("dao-3", "Nguyễn Thị Đào", "ldld-lai-chau", birth_date="1990-01-01"))
    assert await doubles(registry, "dao") == ["dao-2"]
    same = {"other_id": "dao-2", "reason": "Cùng ngày sinh, gõ thiếu dấu"}
    await done(registry, "/people/dao/joining", same, etag=await etag_of(registry, "/people/dao"))
    [joined] = await registry.events(PersonsJoined)
    assert joined.header.subjects == ("person:dao", "person:dao-2")
    assert (await registry.get("/people/dao-2", by=ADMIN)).json()["joined_into"] == "dao"
    assert await doubles(registry, "dao") == []
    titles = [{"recipient": {"kind": "person", "id": "dao-2"}, "title": "cstd-co-so"}]
    told = await refused(registry, "/registrations", registration("ldld-son-la", titles=titles), by="son-la-can-bo")
    assert told == (404, "person-unknown")
    await done(registry, "/people/dao/separation", same, etag=await etag_of(registry, "/people/dao"))
    assert await doubles(registry, "dao") == ["dao-2"]


async def test_two_persons_kept_apart_are_not_shown_as_doubles_again(registry: Trial) -> None:
    await done(registry, "/people", person("nam", "Hoàng Văn Nam", "ldld-son-la"))
    await done(registry, "/people", person("nam-2", "Hoàng Văn Nam", "ldld-son-la"))
    assert await doubles(registry, "nam") == ["nam-2"]
    apart = {"other_id": "nam-2", "reason": "Khác số căn cước"}
    await done(registry, "/people/nam/keeping-apart", apart, etag=await etag_of(registry, "/people/nam"))
    assert await doubles(registry, "nam") == []
    assert await doubles(registry, "nam-2") == []


async def test_who_keeps_only_one_of_two_persons_does_not_join_them(registry: Trial) -> None:
    etag = await etag_of(registry, "/people/son-la-can-bo")
    body = {"other_id": "lai-chau-can-bo", "reason": "Thử"}
    answer = await refused(registry, "/people/son-la-can-bo/joining", body, by="son-la-can-bo", etag=etag)
    assert answer == (403, "not-entitled")


async def test_one_person_holds_offices_in_several_units_and_leaves_them(registry: Trial) -> None:
    held = {"person_id": "son-la-can-bo", "office": "Phó Chủ tịch", "period": {"starts": "2022-01-01"}}
    await done(registry, "/offices", {"id": "o-1", "unit_id": "ldld-son-la", **held})
    await done(registry, "/offices", {"id": "o-2", "unit_id": "ldld-lai-chau", **held})
    offices = (await registry.get("/people/son-la-can-bo", by=ADMIN)).json()["offices"]
    assert [one["unit_id"] for one in offices] == ["ldld-son-la", "ldld-lai-chau"]
    too_early = await refused(registry, "/offices/o-1/end", {"ends": "2021-01-01"}, etag=offices[0]["etag"])
    assert too_early == (422, "ends-outside")
    await done(registry, "/offices/o-1/end", {"ends": "2023-07-01"}, etag=offices[0]["etag"])
    [first, _] = (await registry.get("/people/son-la-can-bo", by=ADMIN)).json()["offices"]
    assert first["ends"] == "2023-07-01"


async def test_a_post_may_end_and_another_begin(registry: Trial) -> None:
    [post] = (await registry.get("/people/son-la-can-bo", by=ADMIN)).json()["posts"]
    await done(registry, f"/posts/{post['id']}/end", {"ends": "2023-12-01"}, etag=post["etag"])
    begun = {"person_id": "son-la-can-bo", "unit_id": "ldld-son-la", "post": "Công nhân vận hành",
             "direct_worker": True, "period": {"starts": "2023-12-01"}}  # fmt: skip
    await done(registry, "/posts", begun)
    posts = (await registry.get("/people/son-la-can-bo", by=ADMIN)).json()["posts"]
    assert [(one["ends"], one["direct_worker"]) for one in posts] == [("2023-12-01", False), (None, True)]


async def test_ratings_and_discipline_are_facts_with_year_decision_and_source(registry: Trial) -> None:
    subject = {"kind": "person", "id": "son-la-can-bo"}
    rating = {"subject": subject, "year": 2023, "rating": "good", "source": "Quyết định xếp loại",
              "decision": paper("45-QĐ/LĐLĐ", "2023-12-20")}  # fmt: skip
    await done(registry, "/ratings", rating, by="son-la-thuong-truc")
    overwriting = await registry.post("/ratings", {**rating, "rating": "excellent"}, by="son-la-thuong-truc")
    assert overwriting.status_code == 428
    assert await refused(registry, "/ratings", rating, by="lai-chau-thuong-truc") == (403, "not-entitled")
    known = (await registry.get("/records/person/son-la-can-bo", by="son-la-can-bo")).json()
    etag = known["ratings"][0]["etag"]
    await done(registry, "/ratings", {**rating, "rating": "excellent"}, by="son-la-thuong-truc", etag=etag)
    discipline = {"id": "kl-1", "subject": subject, "date": "2022-05-10", "measure": "reprimand",
                  "decision": paper("07-QĐ/KL", "2022-05-10"), "source": "Quyết định kỷ luật"}  # fmt: skip
    await done(registry, "/disciplines", discipline, by="son-la-thuong-truc")
    clean = {"subject": {"kind": "unit", "id": "ldld-son-la"}, "year": 2023, "paper": paper("31/XN", "2023-12-10")}
    await done(registry, "/clean-records", clean, by="son-la-thuong-truc")
    known = (await registry.get("/records/person/son-la-can-bo", by="son-la-can-bo")).json()
    assert [one["rating"] for one in known["ratings"]] == ["excellent"]
    assert [one["measure"] for one in known["disciplines"]] == ["reprimand"]
    assert (await registry.get("/records/person/son-la-can-bo", by="lai-chau-can-bo")).status_code == 404
    unit = (await registry.get("/records/unit/ldld-son-la", by="tld-thuong-truc")).json()
    assert [one["year"] for one in unit["clean_records"]] == [2023]
