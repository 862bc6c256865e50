"""The sides of scoring that touch the world: typed forms, tables, logs that are followed, queries."""
