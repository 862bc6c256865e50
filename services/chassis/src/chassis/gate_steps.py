"""Every decision of the start gate as a pure function: whether this database may be written to, or lies behind itself.

A database brought back from a backup knows less than others were told. So before anything is recorded, its head is
held against the head file, the last event of its log in its stream and every follower's mark. The shell (``gate.py``)
does what the actions say and tells what came of it. No I/O and no clock here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from chassis.positions import Position

STREAM = "stream"
"""The one who answers for the stream, beside the followers."""
FILE = "head-file"


@dataclass(frozen=True, slots=True)
class Proof:
    """Somebody's word that the log had reached a place."""

    by: str
    at: Position


@dataclass(frozen=True, slots=True)
class Finding:
    """A proof that the own log does not bear out: it ends before that place, or has another event there."""

    kind: Literal["behind", "elsewhere"]
    by: str
    at: Position
    head: Position


@dataclass(frozen=True, slots=True)
class Gate:
    expected: frozenset[str]
    """Who is asked: the stream and every follower."""
    verdict: Literal["judging", "open", "gated"] = "judging"
    file: bool | None = None
    """Whether there is a head file; None before it was looked for."""
    answered: frozenset[str] = frozenset()
    patience_over: bool = False
    proofs: tuple[Proof, ...] = ()
    """Not compared with the own log yet."""
    comparing: tuple[Proof, ...] = ()
    findings: tuple[Finding, ...] = ()
    """They stay until people have restored: that a witness falls silent later takes nothing back."""

    @property
    def silent(self) -> frozenset[str]:
        return self.expected - self.answered


def begin(followers: Iterable[str], *, trusted: bool = False) -> Gate:
    """``followers``: names of the services that follow the log. ``trusted``: this very database was judged before and
    neither restarted nor brought back since, so that it stays open while it is judged again."""
    return Gate(frozenset({STREAM, *followers}), "open" if trusted else "judging")


@dataclass(frozen=True, slots=True)
class FileRead:
    """What the head file says; None when there is none."""

    at: Position | None


@dataclass(frozen=True, slots=True)
class Told:
    """The stream's last event of the log, or a follower's mark. None: it answered, and has nothing of the log."""

    by: str
    at: Position | None


@dataclass(frozen=True, slots=True)
class PatienceOver:
    """Nobody is waited for any longer; a later answer still counts."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The own log, read after the proofs came: its head, what it holds under the seqs asked for, and where each
    earlier epoch ended in it."""

    head: Position
    held: Mapping[int, bytes]
    ends: Mapping[int, int]
    voided: frozenset[bytes] = frozenset()
    """Hashes at these places of branches that people did not keep."""


@dataclass(frozen=True, slots=True)
class Restored:
    """People have restored the log, or chosen a branch, and a new epoch was opened."""


Input = FileRead | Told | PatienceOver | Compared | Restored


@dataclass(frozen=True, slots=True)
class Compare:
    """Read the own head and the hashes at these seqs, then say ``Compared``."""

    seqs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Open:
    """Let writes in; relay, follow, react."""


@dataclass(frozen=True, slots=True)
class Shut:
    """Refuse writes and move nothing. Without findings: too few have answered, and there is no head file."""

    findings: tuple[Finding, ...]
    silent: tuple[str, ...]


Action = Compare | Open | Shut


def step(state: Gate, said: Input) -> tuple[Gate, list[Action]]:
    match said:
        case FileRead(at):
            state = _with(replace(state, file=at is not None), FILE, at)
        case Told(by, at):
            state = _with(replace(state, answered=state.answered | {by}), by, at)
        case PatienceOver():
            state = replace(state, patience_over=True)
        case Compared(head, held, ends, voided):
            undecided = [proof for proof in state.comparing if proof.at.hash not in voided]
            found = tuple(finding for proof in undecided if (finding := _against(proof, head, held, ends)) is not None)
            state = replace(state, comparing=(), findings=state.findings + found)
        case Restored():
            shut = state.verdict != "open"
            state = replace(state, verdict="open", proofs=(), comparing=(), findings=(), answered=state.expected)
            return state, [Open()] if shut else []
    return _go_on(state)


def _with(state: Gate, by: str, at: Position | None) -> Gate:
    # Before the first event every log agrees with itself: nothing is proved by it.
    return replace(state, proofs=(*state.proofs, Proof(by, at))) if at is not None and at.seq > 0 else state


def _against(proof: Proof, head: Position, held: Mapping[int, bytes], ends: Mapping[int, int]) -> Finding | None:
    at = proof.at
    if at.epoch < head.epoch and at.seq > ends.get(at.epoch, 0):
        # Past the end at which people closed that epoch: they knew, and decided. Whoever holds it stops by itself.
        return None
    if at.seq > head.seq:
        return Finding("behind", proof.by, at, head)
    if held.get(at.seq) != at.hash:
        return Finding("elsewhere", proof.by, at, head)
    return None


def _go_on(state: Gate) -> tuple[Gate, list[Action]]:
    actions: list[Action] = []
    if state.proofs and not state.comparing:
        actions.append(Compare(tuple(sorted({proof.at.seq for proof in state.proofs}))))
        state = replace(state, comparing=state.proofs, proofs=())
    if state.findings:
        if state.verdict != "gated" or not state.comparing:
            actions.append(_shut(state))
        return replace(state, verdict="gated"), actions
    if state.file is None or state.comparing or state.verdict == "open":
        return state, actions
    if not state.silent or (state.patience_over and state.file):
        return replace(state, verdict="open"), [*actions, Open()]
    if state.patience_over:
        actions.append(_shut(state))
        state = replace(state, verdict="gated")
    return state, actions


def _shut(state: Gate) -> Shut:
    return Shut(state.findings, tuple(sorted(state.silent)))
