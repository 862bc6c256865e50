"""The use cases of registry, one a file: read, let the domain decide, record."""
