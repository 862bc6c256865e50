"""The engine: the exact scores of a whole cluster from one table and everybody's entries, layer over layer.

The input is always all members' entries at once, because kinds that measure against the best of the cluster move
everyone when one figure is corrected; the kinds in force today look at one unit at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from contracts.events.scoring import EntryState, ScoreLayer

from scoring.domain.canonical import canonical_hash
from scoring.domain.form import Form, Leaf, Section
from scoring.domain.kinds import ZERO, Figure, Scored, score_line
from scoring.domain.numbers import half_up, ratio_text

LAYERS = (ScoreLayer.SELF, ScoreLayer.APPRAISED, ScoreLayer.COUNCIL)
"""In the order in which they speak over one another; the last that speaks is final."""


@dataclass(frozen=True)
class Entry:
    """What one layer says of one line; only a given figure and *not assigned* speak, the others leave it below."""

    state: EntryState = EntryState.GIVEN
    figure: Figure = field(default_factory=Figure)

    @property
    def speaks(self) -> bool:
        return self.state in (EntryState.GIVEN, EntryState.NOT_ASSIGNED)


@dataclass(frozen=True)
class CardInput:
    """Everything that one unit's score is computed from."""

    layers: Mapping[ScoreLayer, Mapping[str, Entry]] = field(default_factory=dict)
    registered: Mapping[str, Fraction] = field(default_factory=dict)
    """Targets by code, from the unit's registration."""
    penalties: Mapping[str, Fraction] = field(default_factory=dict)
    """Points taken off, by reason."""


@dataclass(frozen=True)
class LineScore:
    leaf: Leaf
    state: EntryState
    from_layer: ScoreLayer | None
    layers: Mapping[ScoreLayer, Fraction | None]
    """Points that each layer's own entry gives; a layer that does not speak is absent."""
    points: Fraction | None
    bonus: Fraction
    workings: Mapping[str, str]

    @property
    def assigned(self) -> bool:
        return self.state is not EntryState.NOT_ASSIGNED


@dataclass(frozen=True)
class SectionTotal:
    code: str
    title: str
    max_points: Fraction
    assigned: Fraction
    sum: Fraction
    earned: Fraction


@dataclass(frozen=True)
class CardScore:
    """One unit's score, exact, with what is official beside it: rounded as the table says."""

    unit_id: str
    lines: tuple[LineScore, ...]
    sections: tuple[SectionTotal, ...]
    """Every section in the order of the table, inner ones after their outer, the bonus last."""
    penalties: Mapping[str, Fraction]
    exact_total: Fraction
    assigned: Fraction
    total: Fraction
    exact_percentage: Fraction | None
    percentage: Fraction | None
    """None where nothing at all is assigned."""
    unfilled: tuple[str, ...] = ()
    """Codes of lines that nobody filled: they earn nothing and stay in the denominator."""

    def line(self, code: str) -> LineScore | None:
        return next((line for line in self.lines if line.leaf.code == code), None)

    def section(self, code: str) -> SectionTotal | None:
        return next((section for section in self.sections if section.code == code), None)


def score_cluster(form: Form, cards: Mapping[str, CardInput]) -> dict[str, CardScore]:
    """Every member's score, by unit id."""
    return {unit_id: _card(form, unit_id, card) for unit_id, card in cards.items()}


def inputs_digest(rubric_hash: str, unit_id: str, card: CardInput) -> str:
    """SHA-256 over the exact figures (numerator/denominator) that a score was computed from."""
    return canonical_hash(
        {
            "rubric": rubric_hash,
            "unit": unit_id,
            "registered": {code: ratio_text(number) for code, number in card.registered.items()},
            "penalties": {reason: ratio_text(number) for reason, number in card.penalties.items()},
            "layers": {
                layer.value: {
                    code: {
                        "state": entry.state.value,
                        **{
                            name: ratio_text(number)
                            for name, number in vars(entry.figure).items()
                            if number is not None
                        },
                    }
                    for code, entry in entries.items()
                }
                for layer, entries in card.layers.items()
            },
        }
    )


def target_of(leaf: Leaf, unit_id: str, entry: Entry, card: CardInput) -> Fraction | None:
    """The target that counts: typed in the entry, set for this unit, registered by it, or the table's own."""
    if entry.figure.target is not None:
        return entry.figure.target
    if leaf.targets is not None and unit_id in leaf.targets:
        return leaf.targets[unit_id]
    return card.registered.get(leaf.code) if leaf.registered_target else leaf.target


def never_assigned(leaf: Leaf, unit_id: str) -> bool:
    """Not assigned by the table itself: named there, or without a target where only some units have one."""
    if unit_id in leaf.not_assigned_to:
        return True
    only_some = leaf.targets is not None and leaf.target is None and not leaf.registered_target
    return only_some and unit_id not in (leaf.targets or {})


def _card(form: Form, unit_id: str, card: CardInput) -> CardScore:
    lines = {leaf.code: _line(form, leaf, unit_id, card) for leaf in form.leaves()}
    totals: list[SectionTotal] = []
    earned = sum((_section(section, lines, totals).earned for section in form.sections), start=ZERO)
    counted = [
        line
        for section in form.sections
        for line in (lines[leaf.code] for leaf in section.all_leaves())
        if line.assigned and line.leaf.in_denominator
    ]
    assigned = sum((line.leaf.max_points for line in counted), start=ZERO)
    if form.bonus is not None:
        inside = sum((lines[leaf.code].points or ZERO for leaf in form.bonus.leaves), start=ZERO)
        beyond = sum((line.bonus for line in lines.values()), start=ZERO)
        bonus = SectionTotal(
            code=form.bonus.code,
            title=form.bonus.title,
            max_points=form.bonus.max_points,
            assigned=ZERO,
            sum=inside + beyond,
            earned=min(inside + beyond, form.bonus.max_points),
        )
        totals.append(bonus)
        earned += bonus.earned
    exact_total = earned - sum(card.penalties.values(), start=ZERO)
    total = half_up(exact_total, form.places)
    return CardScore(
        unit_id=unit_id,
        lines=tuple(lines.values()),
        sections=tuple(totals),
        penalties=dict(card.penalties),
        exact_total=exact_total,
        assigned=assigned,
        total=total,
        exact_percentage=exact_total / assigned * 100 if assigned else None,
        percentage=half_up(total / assigned * 100, form.places) if assigned else None,
        unfilled=tuple(line.leaf.code for line in counted if line.points is None),
    )


def _section(section: Section, lines: Mapping[str, LineScore], totals: list[SectionTotal]) -> SectionTotal:
    at = len(totals)
    inner = [_section(child, lines, totals) for child in section.sections]
    own = [lines[leaf.code] for leaf in section.leaves]
    total = sum((child.earned for child in inner), start=ZERO) + sum((line.points or ZERO for line in own), start=ZERO)
    scored = SectionTotal(
        code=section.code,
        title=section.title,
        max_points=section.max_points,
        assigned=sum((child.assigned for child in inner), start=ZERO)
        + sum((line.leaf.max_points for line in own if line.assigned and line.leaf.in_denominator), start=ZERO),
        sum=total,
        earned=min(total, section.max_points),
    )
    totals.insert(at, scored)
    return scored


def _line(form: Form, leaf: Leaf, unit_id: str, card: CardInput) -> LineScore:
    if never_assigned(leaf, unit_id):
        return LineScore(leaf, EntryState.NOT_ASSIGNED, None, {}, None, ZERO, {})
    given: dict[ScoreLayer, Scored | None] = {}
    state, speaker = EntryState.EMPTY, None
    for layer in LAYERS:
        entry = card.layers.get(layer, {}).get(leaf.code)
        if entry is None:
            continue
        if not entry.speaks:
            state = entry.state if speaker is None else state
            continue
        scored = _scored(form, leaf, unit_id, entry, card)
        if entry.state is EntryState.GIVEN and scored is None:
            continue
        given[layer], speaker, state = scored, layer, entry.state
    final = given[speaker] if speaker is not None else None
    return LineScore(
        leaf=leaf,
        state=state,
        from_layer=speaker,
        layers={layer: scored.points if scored is not None else None for layer, scored in given.items()},
        points=final.points if final is not None else None,
        bonus=final.bonus if final is not None else ZERO,
        workings=final.workings if final is not None else {},
    )


def _scored(form: Form, leaf: Leaf, unit_id: str, entry: Entry, card: CardInput) -> Scored | None:
    if entry.state is not EntryState.GIVEN:
        return None
    figure = Figure(
        actual=entry.figure.actual,
        against=entry.figure.against,
        target=target_of(leaf, unit_id, entry, card),
        points=entry.figure.points,
    )
    scored = score_line(leaf, figure)
    if scored is None or not form.round_each_leaf:
        return scored
    return Scored(half_up(scored.points, form.places), half_up(scored.bonus, form.places), scored.workings)
