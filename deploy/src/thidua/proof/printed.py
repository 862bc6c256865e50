"""A checkpoint as one page of text, to be printed and signed with the minutes of a meeting."""

from __future__ import annotations

from chassis.clock import HANOI

from thidua.proof.checkpoints import Checkpoint

WIDTH = 76


def page(checkpoint: Checkpoint) -> str:
    """At most 76 characters wide; hashes whole, in groups of eight, so that they can be compared by eye."""
    lines = [
        "XÁC NHẬN TRẠNG THÁI SỔ SỰ KIỆN (CHECKPOINT)".center(WIDTH).rstrip(),
        "",
        f"Nơi giữ sổ: {checkpoint.site}",
        f"Thời điểm:  {checkpoint.made.astimezone(HANOI):%H giờ %M phút %S giây, ngày %d/%m/%Y} (giờ Hà Nội)",
        "Khóa ký:    " + grouped(checkpoint.key[:32]),
        "            " + grouped(checkpoint.key[32:]),
        "",
    ]
    for log, state in sorted(checkpoint.logs.items()):
        hash = state.head.hash.hex()
        lines += [
            f"Sổ {log}: kỷ {state.head.epoch}, tới sự kiện số {state.head.seq}",
            f"    {grouped(hash[:32])}",
            f"    {grouped(hash[32:])}",
        ]
        held = ", ".join(f"{name} tới {at}" for name, at in sorted(state.followers.items()))
        lines += [f"    đã có tại: {held}" if held else "    chưa có tại cơ sở dữ liệu khác", ""]
    lines += [
        "Không thể sửa, bớt hay thay sự kiện nào tới các số trên mà mã băm còn như",
        "vậy. Kiểm tra: thidua checkpoint verify TỆP --key KHÓA --log BẢN-XUẤT-SỔ",
        "",
        "NGƯỜI LẬP".center(WIDTH // 2) + "NGƯỜI CHỨNG KIẾN".center(WIDTH // 2).rstrip(),
        "",
        "",
        "",
    ]
    return "\n".join(lines)


def grouped(hexadecimal: str) -> str:
    """``9f2c4a51 be0d7736 …``"""
    return " ".join(hexadecimal[start : start + 8] for start in range(0, len(hexadecimal), 8))
