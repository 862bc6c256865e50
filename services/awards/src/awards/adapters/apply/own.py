"""The tables that awards' own log feeds."""

from chassis.projection import Projection

own = Projection(
    "awards",
    tables=[
        "rule_set",
        "registration_test",
        "award_held",
        "achievement",
        "history_looked",
        "proposal",
        "proposal_sight",
        "proposal_step",
        "settlement",
        "dossier_item",
        "council",
        "council_seat",
        "recusal",
        "council_ballot",
        "council_vote",
        "council_conclusion",
        "decision",
        "award",
    ],
)
