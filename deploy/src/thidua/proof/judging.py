"""Holds a checkpoint against an exported log and against an earlier checkpoint; pure, says what differs and where."""

from __future__ import annotations

from chassis.clock import HANOI

from thidua.proof.chain import Chain, Place
from thidua.proof.checkpoints import Checkpoint


def seqs_of(checkpoint: Checkpoint, log: str) -> set[int]:
    """The places of a log that a checkpoint names."""
    state = checkpoint.logs.get(log)
    return {state.head.seq, *(at.seq for at in state.followers.values())} if state else set()


def against_log(checkpoint: Checkpoint, chain: Chain) -> list[str]:
    """What differs between a checkpoint and a log that chains; empty when the log runs through it.

    ``chain`` was told to remember ``seqs_of(checkpoint, log)``.
    """
    state = checkpoint.logs.get(chain.log)
    if state is None:
        return [f"Checkpoint không nói tới sổ {chain.log}; chỉ có: {', '.join(checkpoint.logs)}."]
    when = f"{checkpoint.made.astimezone(HANOI):%d/%m/%Y %H:%M}"
    named = [(f"checkpoint {when}", state.head)]
    named += [(f"dấu của {follower} trong checkpoint {when}", at) for follower, at in state.followers.items()]
    agreed = max((at.seq for _, at in named if at.seq == 0 or chain.at.get(at.seq) == at), default=0)
    return [said for who, at in named if (said := _differs(who, at, chain, agreed)) is not None]


def _differs(who: str, at: Place, chain: Chain, agreed: int) -> str | None:
    if at.seq == 0:
        return None
    if at.seq > chain.end.seq:
        return (
            f"{chain.log} bị CẮT: {who} ghi số {at.seq}, bản xuất chỉ tới số {chain.end.seq}; "
            f"thiếu {at.seq - chain.end.seq} sự kiện cuối."
        )
    found = chain.at[at.seq]
    if found == at:
        return None
    since = f"giống tới số {agreed}, khác từ sau đó" if 0 < agreed < at.seq else f"khác muộn nhất từ số {at.seq}"
    return (
        f"{chain.log} là một NHÁNH KHÁC: {who} ghi {at} băm {at.hash.hex()[:16]}…, "
        f"bản xuất có {found} băm {found.hash.hex()[:16]}…; {since}.{_reopened(chain, at)}"
    )


def _reopened(chain: Chain, at: Place) -> str:
    later = [(epoch, seq) for epoch, seq in chain.opened if epoch > at.epoch and seq <= at.seq]
    return f" Sổ đã được mở lại ở kỷ {later[0][0]}, số {later[0][1]}." if later else ""


def against_earlier(checkpoint: Checkpoint, earlier: Checkpoint) -> list[str]:
    """What two checkpoints contradict each other in, seen without any log; empty when the later may follow."""
    if earlier.site != checkpoint.site:
        return [f"Hai checkpoint của hai nơi khác nhau: {earlier.site} và {checkpoint.site}."]
    if earlier.made > checkpoint.made:
        return [
            f"Checkpoint “trước” ký lúc {earlier.made.isoformat()}, muộn hơn {checkpoint.made.isoformat()}: "
            "hãy đổi chỗ hai tệp."
        ]
    wrong = []
    for log, before in earlier.logs.items():
        now = checkpoint.logs.get(log)
        if now is None:
            wrong.append(f"{log} có trong checkpoint trước, không có trong checkpoint sau.")
        elif now.head.seq < before.head.seq:
            wrong.append(f"{log} lùi: trước ở {before.head}, sau ở {now.head}; đã mất {_lost(before.head, now.head)}.")
        elif now.head.seq == before.head.seq and now.head != before.head:
            wrong.append(f"{log} cùng số {now.head.seq} mà khác băm: hai nhánh khác nhau.")
        elif now.head.epoch < before.head.epoch:
            wrong.append(f"{log} lùi kỷ: trước {before.head.epoch}, sau {now.head.epoch}.")
    return wrong


def _lost(before: Place, now: Place) -> str:
    return f"số {now.seq + 1} đến {before.seq}" if before.seq > now.seq + 1 else f"số {before.seq}"
