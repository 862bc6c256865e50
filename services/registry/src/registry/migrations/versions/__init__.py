"""One script a version; SQL by hand, because temporal keys are lost otherwise."""
