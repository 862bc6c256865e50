"""Thin ways in: HTTP."""
