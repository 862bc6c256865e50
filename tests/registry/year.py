"""One year in which every kind of fact that registry publishes is recorded, in the order in which it may happen."""

from __future__ import annotations

from typing import Any

from chassis.testing import Trial

from tests.registry.test_clusters import NEXT, concluded
from tests.registry.test_plans import CAMPAIGN, plan
from tests.registry.test_registrations import ACCEPTANCE, POSTED
from tests.registry.test_reports import ON_PAPER
from tests.registry.test_units import DECISION, change, union
from tests.registry.world import CLUSTER, REGISTRATION, at, done, etag_of, paper, person, registration, report

DESK = "cao-bang-thuong-truc"


async def then(trial: Trial, aggregate: str, what: str, body: dict[str, Any], by: str = "quan-tri") -> None:
    """Do something to what is there already."""
    await done(trial, f"{aggregate}/{what}", body, by=by, etag=await etag_of(trial, aggregate))


async def play(trial: Trial) -> None:
    await _units(trial)
    await _people(trial)
    await _papers(trial)
    await _registrations(trial)
    await _reports(trial)
    await _ends(trial)


async def _units(trial: Trial) -> None:
    await done(trial, "/units/established", {**union("cd-kcn", "CD-KCN"), "decision": DECISION})
    await done(trial, "/units", union("cd-y-te", "CD-YT"))
    await change(trial, "cd-kcn", "name", {"name": "Tên thứ ba", "code": "CD-3", "effective": "2022-01-01"})
    await change(trial, "cd-kcn", "name", {"name": "Tên thứ hai", "effective": "2020-01-01"})
    await change(trial, "cd-kcn", "move", {"parent_id": "cd-y-te", "effective": "2021-06-01"})
    contacts = {"contacts": {"telephone": "0206 385 0000"}, "effective": "2021-07-01"}
    await then(trial, "/units/cd-kcn", "contacts", contacts)
    await change(trial, "cd-kcn", "closure", {"effective": "2023-03-01", "successors": ["cd-y-te"]})


async def _people(trial: Trial) -> None:
    born = {"birth_date": "1982-04-30"}
    await done(trial, "/people", person("dao", "Nguyễn Thị Đào", "ldld-son-la", **born))
    await done(trial, "/people", person("dao-2", "Nguyen Thi Dao", "ldld-son-la", **born))
    for what in ("joining", "separation", "keeping-apart", "joining"):
        await then(trial, "/people/dao", what, {"other_id": "dao-2", "reason": "Xem xét hồ sơ"})
    held = {"person_id": "dao", "unit_id": "ldld-son-la", "period": {"starts": "2022-01-01"}}
    for path, title in (("posts", "post"), ("offices", "office")):
        begun = await done(trial, f"/{path}", {"id": f"{title}-dao", title: "Phó ban", **held})
        await done(trial, f"/{path}/{title}-dao/end", {"ends": "2023-07-01"}, etag=begun["etag"])
    given = {"id": "grant-dao", "person_id": "dao", "role": "observer", "unit_id": "ldld-son-la"}
    await done(trial, "/grants", {**given, "period": {"starts": "2023-12-01"}})
    await then(trial, "/grants/grant-dao", "withdrawal", {"ends": "2024-03-01"})
    subject = {"kind": "person", "id": "dao"}
    rating = {"subject": subject, "year": 2023, "rating": "good", "source": "Quyết định xếp loại"}
    first = await done(trial, "/ratings", rating)
    await done(trial, "/ratings", {**rating, "rating": "excellent"}, etag=first["etag"])
    discipline = {"subject": subject, "date": "2019-05-10", "measure": "reprimand", "source": "Quyết định"}
    await done(trial, "/disciplines", {**discipline, "decision": paper("07-QĐ/KL", "2019-05-10")})
    await done(trial, "/clean-records", {"subject": subject, "year": 2023, "paper": paper("31/XN", "2023-12-10")})


async def _papers(trial: Trial) -> None:
    by = "cao-bang-can-bo"
    await done(trial, "/plans", plan(id="kh"), by=by)
    tasks = {"replaced": [{"no": "9a", "text": "Khác"}], "added": [{"no": "12", "text": "Thêm"}], "reason": "Phát sinh"}
    await then(trial, "/plans/kh", "amendments", tasks, by)
    await then(trial, "/plans/kh", "tasks/9/closure", {"outcome": "no-case-arose"}, by)
    await done(trial, "/campaigns", CAMPAIGN, by=by)
    review = {"on": "2024-06-20", "result": "closed", "finding": "Đạt yêu cầu"}
    await then(trial, "/campaigns/lao-dong-gioi", "reviews", review, by)


async def _registrations(trial: Trial) -> None:
    await done(trial, "/registrations", registration("ldld-cao-bang", id="dk-cao-bang"), by="cao-bang-can-bo")
    own = "/registrations/dk-cao-bang"
    await then(trial, own, "return", {"reason": "Chỉ tiêu thấp"}, "lao-cai-thuong-truc")
    await then(trial, own, "submission", registration("ldld-cao-bang"), "cao-bang-can-bo")
    await then(trial, own, "acceptance", {}, "lao-cai-thuong-truc")
    await trial.at(at("2024-02-06 08:00"))
    await done(trial, "/registrations", registration("ldld-son-la"), by="son-la-can-bo")
    await trial.at(at("2024-02-12 08:00"))
    longer = {"due": "2024-02-12", "hard_close": "2024-02-13", "reason": "Nghỉ Tết"}
    await then(trial, f"/deadlines/{REGISTRATION}", "extensions", longer, "tld-thuong-truc")
    await trial.at(at("2024-02-14 08:00"))
    late = {
        **registration("ldld-lai-chau"),
        "acceptance": ACCEPTANCE,
        "act": {**POSTED, "received": "2024-02-14T07:00:00+07:00"},
    }
    await done(trial, "/registrations/dk-lai-chau/late-acceptance", late, by=DESK)


async def _reports(trial: Trial) -> None:
    await trial.at(at("2024-12-01 08:00"))
    await done(trial, "/reports/bc-son-la/submission", report("ldld-son-la", act=ON_PAPER), by=DESK)
    path = "/reports/bc-son-la"
    await then(trial, path, "contest", {"reason": "264 thay vì 2.640"}, "son-la-can-bo")
    await then(trial, path, "submission", report("ldld-son-la"), "son-la-can-bo")
    await then(trial, path, "return", {"reason": "Thiếu minh chứng"}, DESK)
    await then(trial, path, "submission", report("ldld-son-la"), "son-la-can-bo")
    await then(trial, path, "receipt", {}, DESK)
    await done(trial, "/reports/bc-lai-chau/submission", report("ldld-lai-chau", act=ON_PAPER), by=DESK)
    await then(trial, "/reports/bc-lai-chau", "confirmation", {}, "lai-chau-can-bo")


async def _ends(trial: Trial) -> None:
    await trial.given(concluded())
    await done(trial, "/years", NEXT)
    await trial.given()
    await trial.at(at("2025-01-10 08:00"))
    left = {"ends": "2025-07-01", "reason": "Hợp nhất"}
    await then(trial, f"/clusters/{CLUSTER}", "members/ldld-son-la/departure", left)
