"""The start gate opens for a database that knows all that others were told of its log, and for no other."""

from __future__ import annotations

from dataclasses import dataclass, field

from chassis.gate_steps import (
    STREAM,
    Compare,
    Compared,
    FileRead,
    Finding,
    Gate,
    Input,
    Open,
    PatienceOver,
    Restored,
    Shut,
    Told,
    begin,
    step,
)
from chassis.positions import Position


def place(seq: int, epoch: int = 1, branch: str = "a") -> Position:
    return Position(epoch, seq, f"{branch}{seq}".encode())


@dataclass
class Judging:
    """A gate before a log of ``head`` events; what it asks of the own log is answered at once."""

    head: int
    epoch: int = 1
    ends: dict[int, int] = field(default_factory=dict)
    state: Gate = field(default_factory=lambda: begin(("scoring", "awards")))

    def hear(self, *said: Input) -> list[Open | Shut]:
        done: list[Open | Shut] = []
        inputs = list(said)
        while inputs:
            self.state, actions = step(self.state, inputs.pop(0))
            for action in actions:
                if isinstance(action, Compare):
                    held = {seq: place(seq).hash for seq in action.seqs if seq <= self.head}
                    inputs.insert(0, Compared(place(self.head, self.epoch), held, self.ends))
                else:
                    done.append(action)
        return done


def everybody(at: Position | None) -> list[Input]:
    return [Told(STREAM, at), Told("scoring", at), Told("awards", at)]


def test_it_opens_at_once_when_everybody_has_answered_and_nobody_knows_more() -> None:
    gate = Judging(head=7)
    assert gate.hear(FileRead(place(7)), *everybody(place(6))) == [Open()]


def test_it_waits_for_those_who_have_not_answered_yet() -> None:
    gate = Judging(head=7)
    assert gate.hear(FileRead(place(7)), Told(STREAM, place(7)), Told("scoring", None)) == []
    assert gate.state.silent == {"awards"}


def test_a_site_that_is_cut_off_opens_alone_on_its_head_file() -> None:
    gate = Judging(head=7)
    assert gate.hear(FileRead(place(7)), PatienceOver()) == [Open()]


def test_without_head_file_it_opens_only_when_all_have_answered() -> None:
    gate = Judging(head=7)
    assert gate.hear(FileRead(None), Told(STREAM, place(7)), Told("scoring", place(7)), PatienceOver()) == [
        Shut((), ("awards",))
    ]
    assert gate.hear(Told("awards", place(5))) == [Open()]


def test_behind_the_head_file_it_stays_shut_whoever_answers() -> None:
    gate = Judging(head=7)
    (shut,) = gate.hear(FileRead(place(9)))
    assert isinstance(shut, Shut)
    assert shut.findings == (Finding("behind", "head-file", place(9), place(7)),)
    assert not [action for action in gate.hear(*everybody(place(7)), PatienceOver()) if isinstance(action, Open)]


def test_behind_any_one_witness_it_stays_shut() -> None:
    for witness in (STREAM, "scoring", "awards"):
        gate = Judging(head=7)
        answers = [Told(told.by, place(8) if told.by == witness else place(7)) for told in everybody(None)]  # type: ignore[union-attr]
        done = gate.hear(FileRead(place(7)), *answers, PatienceOver())
        assert [type(action) for action in done if not isinstance(action, Shut)] == [], witness
        assert done, witness


def test_another_event_under_the_same_number_is_no_less_than_being_behind() -> None:
    gate = Judging(head=7)
    done = gate.hear(FileRead(place(7)), Told("scoring", place(5, branch="b")))
    assert [action.findings[0].kind for action in done if isinstance(action, Shut)] == ["elsewhere"]


def test_a_wiped_database_is_caught_by_its_head_file_and_by_a_follower() -> None:
    assert isinstance(Judging(head=1).hear(FileRead(place(400)))[0], Shut)
    assert isinstance(Judging(head=1).hear(FileRead(None), Told("scoring", place(400)))[0], Shut)


def test_a_new_log_opens_on_the_head_file_that_its_maker_wrote() -> None:
    gate = Judging(head=1)
    assert gate.hear(FileRead(Position.start("vn.registry")), *everybody(None)) == [Open()]


def test_a_witness_that_falls_silent_takes_nothing_back() -> None:
    gate = Judging(head=7)
    gate.hear(FileRead(None), Told("scoring", place(9)))
    assert not any(isinstance(action, Open) for action in gate.hear(*everybody(None), PatienceOver()))


def test_what_people_left_behind_when_they_opened_an_epoch_shuts_nothing_again() -> None:
    gate = Judging(head=9, epoch=2, ends={1: 7})
    assert gate.hear(FileRead(place(9, 2)), Told("awards", place(12)), *everybody(place(7))) == [Open()]


def test_a_voided_event_that_the_stream_still_holds_shuts_nothing() -> None:
    state, _ = step(begin(()), FileRead(None))
    state, _ = step(state, Told(STREAM, place(5, branch="b")))
    state, actions = step(state, Compared(place(9, 2), {5: place(5).hash}, {1: 7}, frozenset([place(5, 1, "b").hash])))
    assert actions == [Open()]


def test_after_a_restore_it_is_open() -> None:
    gate = Judging(head=7)
    gate.hear(FileRead(place(9)))
    assert gate.hear(Restored()) == [Open()]


def test_a_database_that_was_judged_before_stays_open_until_something_speaks_against_it() -> None:
    gate = Judging(head=7, state=begin(("scoring",), trusted=True))
    assert gate.hear(FileRead(place(7)), Told(STREAM, place(7))) == []
    assert gate.state.verdict == "open"
    assert isinstance(gate.hear(Told("scoring", place(8)))[0], Shut)
    assert gate.state.verdict == "gated"
