"""When a site has healed under load: settled, as the product says it, in all that there was when the fault ended."""

from __future__ import annotations

from collections.abc import Mapping

from thidua.settled import State, unsettled


def heads(states: Mapping[str, State]) -> dict[str, int]:
    """Where each service's log ends."""
    return {name: state["head"]["seq"] for name, state in states.items()}


def still_moves(states: Mapping[str, State], follows: Mapping[str, list[str]], upto: Mapping[str, int]) -> list[str]:
    """``settled.unsettled`` of the logs up to ``upto`` (the seq of each service's head then): what came later with
    the load is left out, as if the load had stopped at that instant."""
    return unsettled({name: _as_of(state, upto) for name, state in states.items()}, follows)


def _as_of(state: State, upto: Mapping[str, int]) -> State:
    own = upto[state["service"]]

    def seq_of(log: str) -> int:
        return upto[log.partition(".")[2]]

    return {
        **state,
        "head": {**state["head"], "seq": min(state["head"]["seq"], own)},
        "relayed": {to: min(seq, own) for to, seq in state["relayed"].items()},
        "marks": {log: {**mark, "seq": min(mark["seq"], seq_of(log))} for log, mark in state["marks"].items()},
        "reacted": {name: min(seq, seq_of(name.rpartition("@")[2])) for name, seq in state["reacted"].items()},
    }
