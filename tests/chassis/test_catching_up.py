"""A follower that is far behind asks for page after page, and does not wait for a beacon between them."""

from __future__ import annotations

from chassis import follower_steps as steps
from chassis.positions import Position

from tests.chassis.delivery import clusters

PAGE = 3


def test_page_follows_page_until_the_head_is_reached_without_a_wait() -> None:
    log = clusters(*((f"cum-{nr:02}", "A") for nr in range(1, 11)))
    head = Position.of(log[-1])
    state = steps.begin("vn.registry", 500, Position.start("vn.registry"))
    said: list[steps.Input] = [steps.MarkRead(Position.start("vn.registry")), steps.Missed()]
    fetched = waits = 0
    while said:
        state, actions = steps.step(state, said.pop(0))
        for action in actions:
            match action:
                case steps.Fetch(after):
                    fetched += 1
                    said.append(steps.Fetched(tuple(log[after : after + PAGE]), head))
                case steps.Commit(_, events):
                    said.append(steps.Committed(Position.of(events[-1])))
                case steps.Redrive():
                    said.append(steps.Redriven())
                case steps.Watch() if state.mark != head:
                    waits += 1
    assert state.mark == head
    assert (fetched, waits) == (4, 0)
