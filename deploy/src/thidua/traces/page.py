"""The two pages of the trace receiver as HTML: no script, no outside asset, all text escaped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from thidua.traces.shape import colour, duration, instant
from thidua.traces.spans import Span
from thidua.traces.store import Summary
from thidua.traces.waterfall import Row, Waterfall

STYLE = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
TICKS = 4
VISIBLE_SKEW_NS = 1_000_000
MAX_INDENT = 12
"""Levels drawn as indentation; deeper ones stay at the same place, so that their names stay readable."""

_KINDS = {
    "server": "nhận yêu cầu",
    "client": "gọi đi",
    "producer": "phát đi",
    "consumer": "tiếp nhận sự kiện",
    "internal": "xử lý bên trong",
}


def _document(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="vi"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{body}</body></html>"
    )


def _chip(service: str) -> str:
    return f'<span class="chip" style="--c:{colour(service)}">{escape(service)}</span>'


def list_page(summaries: Sequence[Summary], services: Sequence[str], service: str, min_ms: str, text: str) -> str:
    """The latest traces with their filter form."""
    options = "".join(
        f'<option value="{escape(name)}"{" selected" if name == service else ""}>{escape(name)}</option>'
        for name in services
    )
    form = (
        '<form method="get" action="/traces">'
        f'<label>Dịch vụ <select name="service"><option value="">tất cả</option>{options}</select></label>'
        f'<label>Từ <input name="min_ms" inputmode="decimal" size="6" value="{escape(min_ms)}"> ms</label>'
        f'<label class="wide">Có chữ <input name="text" value="{escape(text)}" '
        'placeholder="tên bước, mã hồ sơ, mã vết…"></label><button>Lọc</button></form>'
    )
    filtered = bool(service or min_ms or text)
    rows = "".join(_summary_row(summary) for summary in summaries)
    if rows:
        table = (
            '<table class="list"><thead><tr><th>Bắt đầu</th><th>Việc</th><th>Dịch vụ</th>'
            '<th class="n">Bước</th><th class="n">Thời gian</th></tr></thead>'
            f"<tbody>{rows}</tbody></table>"
        )
    elif filtered:
        table = (
            '<div class="empty"><b>Không có vết nào khớp bộ lọc.</b>'
            '<p>Bớt một điều kiện, hoặc <a href="/traces">xem tất cả</a>.</p></div>'
        )
    else:
        table = (
            '<div class="empty"><b>Chưa có vết nào.</b><p>Gửi một yêu cầu tới bất kỳ dịch vụ nào; '
            "vết của yêu cầu hiện ra ở đây sau chưa đầy một giây. Mỗi câu trả lời có đầu mục "
            "<code>trace-id</code>.</p></div>"
        )
    heading = (
        '<header><h1>Vết xử lý</h1><p class="lead">Mỗi dòng là một yêu cầu và mọi việc nó kéo theo '
        "qua các dịch vụ, mới nhất ở trên.</p></header>"
    )
    return _document("Vết xử lý", f"<main>{heading}{form}{table}</main>")


def _summary_row(summary: Summary) -> str:
    failed = f'<span class="bad">{summary.failed} lỗi</span>' if summary.failed else ""
    return (
        f'<tr><td class="t">{instant(summary.start_ns)}</td>'
        f'<td><a href="/traces/{summary.trace_id}">{escape(summary.name)}</a> {failed}'
        f"<code>{summary.trace_id[:12]}</code></td>"
        f"<td>{''.join(map(_chip, summary.services))}</td>"
        f'<td class="n">{summary.spans}</td><td class="n">{duration(summary.duration_ns)}</td></tr>'
    )


def absent_page(trace_id: str) -> str:
    """Shown with 404."""
    return _document(
        "Không có vết này",
        '<main><nav><a href="/traces">← Vết xử lý</a></nav><div class="empty"><b>Không có vết '
        f"<code>{escape(trace_id[:64])}</code>.</b><p>Vết chỉ được giữ vài giờ, cũ nhất bỏ trước; "
        "hoặc mã bị chép thiếu. Diễn biến đầy đủ của một hồ sơ nằm trong nhật ký: "
        "<code>thidua journey</code>.</p></div></main>",
    )


def trace_page(shown: Waterfall, linked_from: Sequence[str], dropped: int) -> str:
    """The waterfall of one trace."""
    top = shown.rows[0]
    name = top.span.name if top.span else next(row.span.name for row in shown.rows if row.span)
    failed = f'<span class="bad">{shown.failed} bước lỗi</span>' if shown.failed else ""
    facts = (
        f"<dl class='facts'><div><dt>Bắt đầu</dt><dd>{instant(shown.start_ns)}</dd></div>"
        f"<div><dt>Kéo dài</dt><dd>{duration(shown.duration_ns)}</dd></div>"
        f"<div><dt>Bước</dt><dd>{shown.spans} {failed}</dd></div>"
        f"<div><dt>Dịch vụ</dt><dd>{''.join(map(_chip, shown.services))}</dd></div>"
        f"<div><dt>Mã vết</dt><dd><code>{shown.trace_id}</code></dd></div></dl>"
    )
    notes = ""
    if linked_from:
        links = ", ".join(f'<a href="/traces/{other}"><code>{other[:12]}</code></a>' for other in linked_from)
        notes += f'<p class="note">Việc này là nguyên nhân của: {links}</p>'
    if dropped:
        notes += f'<p class="note">Vết quá dài: {dropped} bước sau cùng không được giữ.</p>'
    ticks = "".join(
        f'<span style="left:{100 * tick / TICKS:g}%">{duration(shown.duration_ns * tick // TICKS)}</span>'
        for tick in range(TICKS + 1)
    )
    axis = f'<div class="row axis"><div>Bước</div><div class="lane">{ticks}</div><div class="n">Thời gian</div></div>'
    rows = "".join(_row(row, shown) for row in shown.rows)
    return _document(
        f"{name} – vết xử lý",
        '<main><nav><a href="/traces">← Vết xử lý</a></nav>'
        f"<header><h1>{escape(name)}</h1></header>{facts}{notes}"
        f'<section class="waterfall">{axis}{rows}</section>'
        '<p class="foot">Bấm vào một bước để xem chi tiết · '
        f'<a href="/api/traces/{shown.trace_id}">JSON</a></p></main>',
    )


def _row(row: Row, shown: Waterfall) -> str:
    whole = max(1, shown.duration_ns)
    left = 100 * row.offset_ns / whole
    width = 100 * row.duration_ns / whole
    guides = "".join(f'<i class="{"on" if guide else ""}"></i>' for guide in row.guides[-MAX_INDENT:])
    elbow = f'<i class="{"end" if row.last else "tee"}"></i>' if row.depth else ""
    tree = f'<span class="tree">{guides}{elbow}</span>'
    place = f"left:{left:.3f}%;width:{width:.3f}%"
    if row.span is None:
        return (
            f'<div class="row missing"><div class="name">{tree}'
            '<span class="label"><b>bước cha không có ở đây</b>'
            f"<small>{escape(row.span_id)}: bên gọi không gửi vết, hoặc đã mất</small></span></div>"
            f'<div class="lane"><span class="bar" style="{place}"></span></div><div class="n">–</div></div>'
        )
    span = row.span
    marks = '<em class="bad">lỗi</em>' if span.failed else ""
    if "refused" in span.attributes:
        marks += f'<em class="no">từ chối: {escape(str(span.attributes["refused"]))}</em>'
    if row.skew_ns >= VISIBLE_SKEW_NS:
        marks += f'<em title="đồng hồ của bên gửi chạy chậm">lệch giờ +{duration(row.skew_ns)}</em>'
    if span.links:
        marks += f"<em>↗ {len(span.links)} liên kết</em>"
    return (
        f'<details style="--c:{colour(span.service)}"{" class=failed" if span.failed else ""}>'
        f'<summary class="row"><div class="name">{tree}<span class="label"><b>{escape(span.name)}</b>'
        f"<small>{escape(span.service)}{marks}</small></span></div>"
        f'<div class="lane"><span class="bar" style="{place}"></span></div>'
        f'<div class="n">{duration(span.duration_ns)}</div></summary>{_particulars(span, row)}</details>'
    )


def _particulars(span: Span, row: Row) -> str:
    told: list[tuple[str, str]] = [
        ("loại", escape(_KINDS.get(span.kind, span.kind))),
        ("lúc", f"{instant(span.start_ns)} (+{duration(row.offset_ns)})"),
        ("nơi chạy", escape(" · ".join(part for part in (span.service, span.site, span.process) if part))),
    ]
    if span.message:
        told.append(("lỗi", f'<span class="bad">{escape(span.message)}</span>'))
    told += [
        ("liên kết", f'<a href="/traces/{link.trace_id}"><code>{link.trace_id[:12]}</code></a>') for link in span.links
    ]
    told += [(escape(key), escape(_text(value))) for key, value in sorted(span.attributes.items())]
    for moment in span.moments:
        words = "\n".join(f"{key}: {_text(value)}" for key, value in moment.attributes.items())
        told.append((escape(moment.name), f"+{duration(moment.at_ns - span.start_ns)}<pre>{escape(words)}</pre>"))
    told.append(("mã bước", f"<code>{span.span_id}</code>"))
    return "<dl class='more'>" + "".join(f"<dt>{key}</dt><dd>{value}</dd>" for key, value in told) + "</dl>"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
