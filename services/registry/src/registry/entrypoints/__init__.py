"""Ways into registry: HTTP."""
