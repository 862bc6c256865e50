"""Who votes: fixed before a ballot is opened, with the members who take no part."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from contracts.refusal import Refused
from contracts.values import Identifier, Value
from pydantic import Field, model_validator


class Way(StrEnum):
    """How votes are given. Only the first is cast here vote by vote; the others are recorded as counts."""

    ELECTRONIC_OPEN = "electronic-open"
    SHOW_OF_HANDS = "show-of-hands"
    PAPER = "paper"
    """Paper ballots counted by tellers (ban kiểm phiếu)."""
    IN_WRITING = "in-writing"
    """Opinions asked in writing without a meeting (lấy ý kiến bằng văn bản)."""

    @property
    def counted_from_paper(self) -> bool:
        return self is not Way.ELECTRONIC_OPEN


class Electorate(Value):
    """All members with a vote, and those of them who are recused from this question."""

    voters: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    recused: tuple[Identifier, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.voters)) != len(self.voters):
            raise ValueError("a voter is named twice")
        if len(set(self.recused)) != len(self.recused):
            raise ValueError("a recused member is named twice")
        strangers = set(self.recused) - set(self.voters)
        if strangers:
            raise ValueError(f"recused but no voters: {', '.join(sorted(strangers))}")
        return self

    @property
    def members(self) -> int:
        """All members, the recused among them."""
        return len(self.voters)

    @property
    def entitled(self) -> tuple[str, ...]:
        """Those who may vote on this question, in the order of the list."""
        recused = set(self.recused)
        return tuple(voter for voter in self.voters if voter not in recused)

    def body(self, recused_stay: bool) -> int:
        """The size of the whole (*all*): with or without the recused, as the body's own rule says."""
        return self.members if recused_stay else len(self.entitled)

    def check_may_vote(self, voter: str) -> None:
        """Refused ``not-a-voter`` or ``recused-member-votes``."""
        if voter not in self.voters:
            raise Refused("not-a-voter", voter=voter)
        if voter in self.recused:
            raise Refused("recused-member-votes", voter=voter)
