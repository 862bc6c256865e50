"""What the demo of two sites shows at its end: receipts as they read when looked at, logs that crossed, results."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from thidua.demo.screens import day
from thidua.demo.stage import CLUSTER, LEAD, OPERATOR, YEAR
from thidua.demo.two_sites.story import SITE, Story

WHERE = {"here-only": "[yellow]mới có tại đây[/]", "at-the-centre": "[green]đã về trung tâm[/]"}


def first_screen(console: Console) -> None:
    console.print("[bold]THI ĐUA – hai điểm: trung tâm (vn) và Cao Bằng (caobang), mỗi điểm một máy chủ[/]")
    console.print(
        "Năm 2024 của Cụm bảy tỉnh, rút gọn: Cao Bằng có NATS (nút lá, tài khoản và miền JetStream riêng), cơ sở dữ\n"
        "liệu và bốn dịch vụ của mình. Tên người, con số và số văn bản là giả định, như trong `make demo`."
    )


def receipts(story: Story, console: Console) -> None:
    table = Table(title="Biên nhận do điểm Cao Bằng cấp, xem tại Cao Bằng")
    for column in ("Xem ngày", "Việc", "Sổ", "Số", "Ở đâu"):
        table.add_column(column)
    for at, what, receipt, where in story.receipts:
        table.add_row(f"{at:%d/%m/%Y}", what, receipt["log"], str(receipt["last_seq"]), WHERE[where])
    console.print(table)


async def crossings(story: Story, console: Console) -> None:
    """How far each log that crosses the line is held at its other end."""
    hub = story.sites.tree.hub
    link = story.sites.tree.below[SITE]
    states = {
        f"{site}.{name}": state
        for site, stage in ((hub, story.centre), (SITE, story.province))
        for name, state in (await stage.api.states(OPERATOR if site == hub else "quan-tri")).items()
    }
    table = Table(title="Sổ qua đường truyền")
    for column in ("Sổ", "Đường", "Đầu sổ", "Bên kia giữ đến"):
        table.add_column(column)
    for tree, origin, other, services in ((f"up.{SITE}", SITE, hub, link.up), (f"down.{SITE}", hub, SITE, link.down)):
        for service in services:
            log = f"{origin}.{service}"
            held = states[f"{other}.{service}"]["marks"].get(log, {}).get("seq", 0)
            table.add_row(log, tree, str(states[log]["head"]["seq"]), str(held))
    console.print(table)


async def ranking_at_the_province(story: Story, console: Console) -> None:
    officer = story.province.by(story.province.officer(LEAD))
    results = await officer.get("scoring", "/centre/results", cluster_id=CLUSTER, year_id=YEAR)
    (ranking,) = [one["data"] for one in results if one["kind"] == "ranking"]
    table = Table(title="Xếp hạng của Cụm, đọc tại điểm Cao Bằng")
    for column in ("Hạng", "Đơn vị", "Điểm", "Xếp loại"):
        table.add_column(column)
    for row in ranking["rows"]:
        table.add_row(str(row["rank"]), story.centre.short(row["unit_id"]), str(row["total"]), row["classification"])
    console.print(table)
    decisions = await officer.all("awards", "/centre/decisions")
    table = Table(title="Quyết định của Tổng Liên đoàn, đọc tại điểm Cao Bằng")
    for column in ("Số", "Ngày", "Người ký", "Danh sách"):
        table.add_column(column)
    for one in decisions:
        lines = ", ".join(f"{award['title']}: {story.centre.short(award['unit_id'])}" for award in one["awards"])
        table.add_row(one["data"]["number"], day(one["data"]["date"]), one["data"]["signatory"], lines)
    console.print(table)
