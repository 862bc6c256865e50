"""Scoring, pure: tables of criteria, the engine, cards, ballots, rankings. No I/O, no clock, no chance."""
