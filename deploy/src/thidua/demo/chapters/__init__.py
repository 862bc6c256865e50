"""The chapters of the year, in the order in which they are played."""
