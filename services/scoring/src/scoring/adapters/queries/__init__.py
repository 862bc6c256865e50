"""Reads of scoring's tables into the shapes that the domain decides on."""
