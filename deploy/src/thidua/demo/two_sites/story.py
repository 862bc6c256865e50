"""The year in short, at two sites: set at the centre, filed at the province, cut off for a week, ranked and decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from thidua.demo.chapters import awards, criteria, filings, foundation, year_end
from thidua.demo.clock import day
from thidua.demo.stage import ADMINISTRATOR, BLOC, CLUSTER, LEAD, YEAR, Stage, data, paper
from thidua.demo.two_sites.clock import SitesTime
from thidua.local.sites import Sites

SITE = "caobang"
STARTS = day("2023-11-18")


@dataclass
class Story:
    """Both sites' stages, the one clock, and what the receipts said when."""

    sites: Sites
    time: SitesTime
    centre: Stage
    province: Stage
    receipts: list[tuple[datetime, str, dict[str, Any], str]] = field(default_factory=list)
    """When looked at, what it is for, the receipt, what it said."""

    async def note(self, what: str, receipt: dict[str, Any]) -> str:
        """Look at a receipt at the site that gave it."""
        told = await self.province.by(ADMINISTRATOR).get(receipt["log"].split(".")[1], receipt["href"])
        self.receipts.append((self.time.now, what, receipt, told["where"]))
        return str(told["where"])

    def last_receipt(self) -> dict[str, Any]:
        return self.province.api.receipts[-1]


def national_world() -> dict[str, Any]:
    """TLĐ and the seven provinces. People of Cao Bằng have accounts there, too: this year it leads the cluster."""
    world = data("world.yaml")
    units = [unit for unit in world["units"] if unit["id"] == "tld" or unit["parent"] == "tld"]
    known = {unit["id"] for unit in units}
    people = [one for one in world["people"] if one["unit"] in known and one["roles"]]
    return {"units": units, "people": people, "clusters": [one for one in world["clusters"] if one["id"] == CLUSTER]}


def provincial_world() -> dict[str, Any]:
    """Cao Bằng, its bloc, and everybody who works there. The cluster is not entered here: it comes down."""
    world = data("world.yaml")
    units = [unit for unit in world["units"] if unit["id"] == "tld" or unit.get("province") == "Cao Bằng"]
    known = {unit["id"] for unit in units} - {"tld"}
    people = [one for one in world["people"] if one["unit"] in known]
    return {"units": units, "people": people, "clusters": [one for one in world["clusters"] if one["id"] == BLOC]}


async def found(story: Story) -> None:
    """Each site enters its own units and people; cluster, year and deadlines are set at the centre alone."""
    for stage in (story.centre, story.province):
        await foundation.units(stage)
        await foundation.people(stage)
        await foundation.clusters(stage)
    await foundation.years(story.centre)
    await story.time.rest()
    officer = story.province.by(story.province.officer(LEAD))
    deadline = await officer.get("registry", "/deadlines/han-cum-year-report")
    story.province.say(f"Tại Cao Bằng đã có năm thi đua, cụm và hạn nộp {deadline['due'][:10]} từ trung tâm")


async def criteria_come_down(story: Story) -> None:
    await criteria.cluster_criteria(story.centre)
    officer = story.province.by(story.province.officer(LEAD))
    versions = await officer.get("scoring", "/centre/rubrics", cluster_id=CLUSTER, year_id=YEAR)
    results = await officer.get("scoring", "/centre/results", cluster_id=CLUSTER, year_id=YEAR)
    signed = [one["id"] for one in results if one["kind"] == "agreement"]
    await story.time.to(day("2023-12-28"))
    await awards.enact_rules(story.centre)
    await awards.national_council(story.centre)
    story.province.say(
        f"Tại Cao Bằng: bản {versions[-1]['version']} đã chốt ({versions[-1]['hash'][:12]}), {signed[0]}"
    )


async def registrations(story: Story) -> None:
    """Six register at the centre, Cao Bằng at its own site; the deputy accepts it at the centre."""
    await story.time.to(day("2024-01-22", 9))
    for unit in story.centre.members(CLUSTER):
        if unit != LEAD:
            await filings.register(story.centre, CLUSTER, unit, filings.CLUSTER_FIGURES)
    await filings.register(story.province, CLUSTER, LEAD, filings.CLUSTER_FIGURES)
    receipt = story.last_receipt()
    await story.time.rest()
    await story.note("Đăng ký của Cao Bằng, đường truyền thông", receipt)
    await filings.accept_registrations(story.centre, CLUSTER)
    await story.time.rest()
    here = await story.province.by(story.province.officer(LEAD)).get("registry", f"/registrations/dk-2024-{LEAD}")
    story.province.say(f"7 đăng ký; Phó Cụm chấp nhận tại trung tâm, Cao Bằng thấy: {here['state']}")


async def cut_off(story: Story) -> None:
    """The line is cut from 2 to 10 December, over the due day. Both sites go on."""
    await story.time.to(day("2024-12-02", 9))
    await story.sites.cut(SITE)
    story.time.apart.add(SITE)
    await story.time.to(day("2024-12-03", 9))
    for unit in story.centre.members(CLUSTER):
        if unit != LEAD:
            await filings.year_report(story.centre, CLUSTER, unit)
    await filings.year_report(story.province, CLUSTER, LEAD)
    receipt = story.last_receipt()
    story.province.kept["cut"] = receipt
    await _bloc_affairs(story)
    await story.time.to(day("2024-12-10", 9))
    where = await story.note("Báo cáo năm của Cao Bằng, đường truyền bị cắt", receipt)
    office = story.centre.by("thuong-truc-tld")
    reported = await office.all("registry", "/reports", year_id=YEAR, cluster_id=CLUSTER, kind="year")
    assert where == "here-only"
    story.province.say("Cao Bằng nộp tại điểm của mình ngày 03/12: mới có tại đây")
    story.centre.say(f"Trung tâm, ngày 10/12: {len(reported)}/7 báo cáo")


async def _bloc_affairs(story: Story) -> None:
    """The province's own bloc needs nobody above."""
    stage = story.province
    office = stage.by("thuong-truc-cao-bang")
    leadership = {
        "year_id": YEAR,
        "lead_unit_id": "ldld-tp-cao-bang",
        "deputy_unit_id": "cd-giao-duc-cao-bang",
        "basis": "Bầu tại hội nghị của khối",
        "paper": paper("03/BB-HN", "2023-12-12", "Hội nghị khối"),
    }
    await office.post("registry", f"/clusters/{BLOC}/leadership", leadership)
    for unit in ("ldld-tp-cao-bang", "cd-giao-duc-cao-bang"):
        await filings.register(stage, BLOC, unit, filings.BLOC_FIGURES)


async def healed(story: Story) -> None:
    """Everything catches up by cursor and mark; the report counts as received on the day of its receipt there."""
    await story.sites.heal(SITE)
    story.time.apart.discard(SITE)
    await story.time.rest()
    where = await story.note("Cùng biên nhận ấy, sau khi nối lại", story.province.kept["cut"])
    assert where == "at-the-centre"
    for unit in story.centre.members(CLUSTER):
        await filings.take_in_year_report(story.centre, CLUSTER, unit)
    report = await story.centre.by("thuong-truc-tld").get("registry", f"/reports/bc-nam-2024-{LEAD}")
    await story.time.rest()
    judged = f"tính theo ngày nhận {report['received'][:10]}: {report['punctuality']}"
    story.centre.say(f"Trung tâm có đủ 7/7 báo cáo; của Cao Bằng {judged}")


async def ranked(story: Story) -> None:
    """Next year's table has to be there before the conference; in the story the deputy is late with it."""
    await criteria.next_year(story.centre)
    await year_end.appraisal(story.centre)
    await year_end.conference(story.centre)


async def decided(story: Story) -> None:
    """The rankings become proposals, TLĐ decides; the province reads ranking and decision at its own site."""
    await awards.to_the_federation(story.centre)
    officer = story.province.by(story.province.officer(LEAD))
    seen = await officer.all("awards", "/centre/decisions", unit_id=LEAD)
    told = ", ".join(f"số {one['data']['number']}: {one['awards'][0]['title']}" for one in seen)
    story.province.say(f"Cao Bằng thấy tại điểm của mình quyết định {told}")


CHAPTERS = [
    ("Hai điểm: đơn vị, con người; cụm, năm, hạn nộp đặt tại trung tâm", found),
    ("Tiêu chí ký tại trung tâm, xuống Cao Bằng", criteria_come_down),
    ("Đăng ký: Cao Bằng nộp tại điểm của mình", registrations),
    ("Cắt đường truyền một tuần, hai điểm vẫn làm việc", cut_off),
    ("Nối lại: mọi sổ đuổi kịp", healed),
    ("Thẩm định, hội nghị, xếp hạng tại trung tâm", ranked),
    ("Tổng Liên đoàn quyết định; Cao Bằng thấy tại điểm của mình", decided),
]
