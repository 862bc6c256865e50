"""The demo with a province at a site of its own: ``make demo SITES=2``."""
