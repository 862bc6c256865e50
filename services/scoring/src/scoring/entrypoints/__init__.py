"""The ways into scoring: thin HTTP routes, and who may see which event."""
