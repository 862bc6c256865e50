"""Every refusal that awards can give has words that an officer understands."""

import re
from pathlib import Path

import awards
import ballots
from awards.main import service
from chassis.http import Messages

RAISED = re.compile(r'(?:Refused\(\s*|rule = )"([a-z]+(?:-[a-z]+)+)"')
ELSEWHERE = {"unknown-candidate", "candidate-named-twice", "too-many-chosen", "votes-on-itself"}
"""Rules of elections, which councils do not hold."""


def test_every_refusal_has_words_and_no_words_are_left_over():
    assert service.messages is not None
    words = Messages(service.messages)
    shared = Messages().rules()
    raised = {
        rule
        for package in (awards, ballots)
        for file in Path(package.__path__[0]).rglob("*.py")
        for rule in RAISED.findall(file.read_text(encoding="utf-8"))
    }
    # Chosen between two at the end of a check: "not-eligible" if … else "case-to-be-completed".
    raised |= {"not-eligible", "case-to-be-completed"}
    assert raised - ELSEWHERE - words.rules() == set()
    assert words.rules() - shared - raised == set()
