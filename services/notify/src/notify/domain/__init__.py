"""The nouns of notify, pure: who is concerned by what, what is still owed, in which words it is told."""
