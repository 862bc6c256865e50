"""Events that any log may hold: an epoch was opened, a followed event was discarded."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from contracts.catalogue import Fact, event
from contracts.envelope import LogName
from contracts.envelope import Subject as AggregateRef
from contracts.values import ShortText, Text, Value

HashHex = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
"""The chained hash of an event, 64 hexadecimal digits."""

Epoch = Annotated[int, Field(ge=1, lt=2**32)]
Sequence = Annotated[int, Field(ge=1, lt=2**63)]


class NotRecovered(Value):
    """Of this epoch nothing from ``from_seq`` on was held by anybody any more when the next one was opened."""

    epoch: Epoch
    from_seq: Sequence
    to_seq: Annotated[int, Field(ge=0, lt=2**63)]
    """The last position that is proved to have existed; ``from_seq`` - 1 when none is."""


@event(
    "chassis.epoch-opened.v1",
    aggregate="log",
    example={
        "log": "vn.registry",
        "previous_epoch": 1,
        "last_seq": 48213,
        "last_hash": "9f2c4a51be0d7736c18a5e904fd2b6637ac04e1588d93b2fa64710ce5d38e9b1",
        "reason": "Khôi phục từ bản sao lưu 02 giờ ngày 14/10/2024 sau khi hỏng đĩa",
        "silent": ["vn.awards"],
    },
)
class EpochOpened(Fact):
    """A log begins, or goes on after a restore. ``seq`` runs on; it never starts again."""

    log: LogName
    previous_epoch: Annotated[int, Field(ge=0, lt=2**32)]
    """0 when the log begins."""
    last_seq: Annotated[int, Field(ge=0, lt=2**63)]
    """The last position kept of the previous epoch; 0 when the log begins."""
    last_hash: HashHex
    """Hash at ``last_seq``; when the log begins, its seed hash."""
    reason: ShortText
    silent: tuple[ShortText, ...] = ()
    """Followers that did not answer when a restored log was reopened: what they hold was not compared."""
    not_recovered: tuple[NotRecovered, ...] = ()
    """What was accepted and is lost, or may be: empty when the log begins."""


@event(
    "chassis.branch-kept.v1",
    aggregate="log",
    example={
        "log": "vn.registry",
        "kept": "5d0b7c41aa9e27f38c6d10e4b92f53a8771c0e6fd49b23857ae0f6c1d8b3924e",
        "after_seq": 48190,
        "voided": ["e1c94a07b36d528f90a17e45cc2d8b36f0593ad27e81640bb95c3f7d8204a6e5"],
        "reason": "Nhánh tại dịch vụ chấm điểm có đủ báo cáo quý III; nhánh kia chỉ có hai lần gửi thử",
        "by": "person:tran-van-binh",
    },
)
class BranchKept(Fact):
    """People chose between two branches of this log; what the other one held is kept aside and listed."""

    log: LogName
    kept: HashHex
    """Names the branch that goes on: its first event after ``after_seq``, or its head."""
    after_seq: Annotated[int, Field(ge=0, lt=2**63)]
    """The last position that both branches share."""
    voided: tuple[HashHex, ...] = ()
    """Events of the producer's own database that were moved aside, in order, the first thousand."""
    reason: ShortText
    by: AggregateRef
    """``person:…`` who decided."""


@event(
    "chassis.event-discarded.v1",
    aggregate="log",
    example={
        "log": "vn.registry",
        "epoch": 1,
        "seq": 512,
        "hash": "4b7e1d90a2c85f36e41908bd7f53ac26118e9d4470c2ba5f3e6d81975a0cf342",
        "reason": "Báo cáo nhập trùng khi chuyển đổi dữ liệu, đã thống nhất với thường trực cụm",
        "by": "person:nguyen-thi-hoa",
    },
)
class EventDiscarded(Fact):
    """A follower's people decided that one quarantined event is never applied here. Binds rebuilds."""

    log: LogName
    """The followed log that holds the event."""
    epoch: Epoch
    seq: Sequence
    hash: HashHex
    reason: Text
    by: AggregateRef
    """``person:…`` who decided."""
