"""``thidua log fork``: both branches of a log that was found to have two, and the decision which one goes on."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from thidua.cli.restore import follow_to_end
from thidua.cli.session import addresses, ask, console

fork_app = typer.Typer(help="Sổ bị rẽ nhánh: xem hai nhánh, chọn nhánh được giữ.", no_args_is_help=True)
KINDS = {
    "another-hash": "cùng số, khác mã băm",
    "broken-link": "không nối với mã băm đang giữ",
    "epoch-below": "kỷ mới mở dưới chỗ đang giữ",
    "head-behind": "đầu sổ nơi ghi đứng sau chỗ đang giữ",
}
SHORTEST = 8
"""Digits of a hash that name a branch."""


@fork_app.command()
def show(
    service: Annotated[str | None, typer.Argument(help="Dịch vụ theo dõi; không nêu thì mọi dịch vụ.")] = None,
) -> None:
    """Liệt kê các chỗ rẽ chưa quyết và sự kiện của cả hai nhánh, kèm biên nhận."""
    found = [fork for fork in _forks() if service in (None, fork["service"])]
    for fork in found:
        way = KINDS.get(fork["kind"], fork["kind"])
        console.print(f"[bold]{fork['service']}[/] theo dõi {fork['log']}: {way} ({fork['reason']}).")
        common = fork["common"]
        console.print(f"  Hai nhánh giống nhau tới {common['epoch']}:{common['seq']}.")
        _show_branch(f"Nhánh đang giữ tại {fork['service']}", fork["held"], fork["held_head"])
        _show_branch("Nhánh tại nơi ghi sổ", fork["produced"], fork["produced_head"])
    if not found:
        console.print("Không có sổ nào bị rẽ nhánh mà chưa quyết.")
    else:
        console.print("Chọn: [bold]thidua log fork keep MÃ-BĂM[/] (của sự kiện đầu nhánh, hoặc của đầu nhánh).")


@fork_app.command()
def keep(
    hash: Annotated[str, typer.Argument(help="Mã băm (ít nhất 8 chữ số đầu) của một sự kiện của nhánh được giữ.")],
    reason: Annotated[str, typer.Option(prompt="Lý do", help="Lý do; được ghi vào sổ cùng tên người.")],
    without: Annotated[list[str] | None, typer.Option("--without", help="Bỏ qua nơi không trả lời này.")] = None,
) -> None:
    """Giữ một nhánh; sự kiện của nhánh kia được để riêng, vẫn tra được theo biên nhận."""
    fork, chosen, voided = _chosen(hash)
    log, producer = fork["log"], fork["log"].split(".")[1]
    order = {
        "keep": chosen["hash"],
        "keep_seq": chosen["seq"],
        "after_seq": fork["common"]["seq"],
        "reason": reason,
        "without": without or [],
    }
    if log.split(".")[0] != addresses().site:
        _decided_there(log, fork, chosen["hash"])
    elif ask(producer, "POST", "/ops/forks/keeping", json=order)["restoring"] and not follow_to_end(producer):
        raise typer.Exit(1)
    for name in addresses().services:
        if log == f"{addresses().site}.{name}" or log not in ask(name, "GET", "/ops/state")["marks"]:
            continue
        told = ask(
            name,
            "POST",
            f"/ops/forks/{log}/adopting",
            json={"kept": chosen["hash"], "reason": reason, "voided": voided},
        )
        console.print(f"{name}: để riêng {told['voided']} sự kiện của nhánh không được giữ, theo tiếp {log}.")


def _forks() -> list[dict[str, Any]]:
    """Every fork that nobody has decided yet, with both branches: those that a follower met, and those at which the
    gate of a producer found itself."""
    found = []
    services = addresses().services
    for name in services:
        for fork in ask(name, "GET", "/ops/forks"):
            if fork["decided_at"] is None:
                branches = ask(name, "GET", f"/ops/forks/{fork['log']}")
                found.append({**fork, **branches, "service": name})
    met = {(fork["service"], fork["log"]) for fork in found}
    for producer in services:
        log = f"{addresses().site}.{producer}"
        for finding in ask(producer, "GET", "/ops/restoring")["findings"]:
            name = finding["by"]
            if name not in services or (name, log) in met:
                continue
            branches = ask(name, "GET", f"/ops/forks/{log}")
            if branches["held"] and branches["produced"]:
                met.add((name, log))
                about = {"kind": "another-hash", "reason": f"cổng ghi của {producer} đóng", "service": name}
                found.append({**about, **branches})
    return found


def _chosen(hash: str) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """The fork that has an event of this hash, the place meant, and the hashes of the other branch."""
    if len(hash) < SHORTEST:
        console.print(f"Nêu ít nhất {SHORTEST} chữ số đầu của mã băm.")
        raise typer.Exit(2)
    for fork in _forks():
        for mine, other in (("held", "produced"), ("produced", "held")):
            places = [{"hash": one["hash"], "seq": int(one["key"].rsplit(":", 1)[1])} for one in fork[mine]]
            for place in [*places, fork[f"{mine}_head"]]:
                if place["hash"].startswith(hash):
                    return fork, place, [one["hash"] for one in fork[other]]
    console.print(f"Không có nhánh nào mang mã băm {hash}. Xem: thidua log fork show.")
    raise typer.Exit(1)


def _decided_there(log: str, fork: dict[str, Any], chosen: str) -> None:
    """The log of another site goes on there as people there have chosen; here its branch is followed, or none yet."""
    if chosen in {fork["produced_head"]["hash"], *(event["hash"] for event in fork["produced"])}:
        return
    console.print(
        f"Sổ {log} do điểm {log.split('.')[0]} ghi: muốn giữ nhánh đang có ở đây thì phải quyết tại điểm đó. "
        "Ở đây chỉ theo được nhánh của nơi ghi sổ."
    )
    raise typer.Exit(2)


def _show_branch(title: str, events: list[dict[str, Any]], head: dict[str, Any]) -> None:
    table = Table(title=f"{title}: {len(events)} sự kiện, đầu nhánh {head['hash'][:16]}", title_justify="left")
    for column in ("Biên nhận", "Mã băm", "Sự kiện", "Của", "Lúc"):
        table.add_column(column, overflow="fold")
    for event in events:
        told = (event["whose"] or "", (event["at"] or "")[:19])
        table.add_row(event["key"], event["hash"][:16], event["type"], *told)
    console.print(table)
