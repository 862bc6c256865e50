"""The tables that scoring's own log feeds."""

from chassis.projection import Projection

own = Projection(
    "scoring",
    tables=[
        "rubric",
        "rubric_version",
        "rubric_comment",
        "rubric_agreed",
        "agreement",
        "scorecard",
        "line_entry",
        "score_review",
        "ballot",
        "ballot_vote",
        "ranking",
        "conference",
    ],
)
