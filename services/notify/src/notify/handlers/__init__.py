"""The verbs of notify, one use case a file."""
