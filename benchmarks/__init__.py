"""Measurements beside tests: ratios to a ceiling or a peer in the same run, on the same servers."""
