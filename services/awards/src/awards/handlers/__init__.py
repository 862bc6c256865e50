"""Use cases of awards, one a file."""
