"""How awards keeps and reads its tables."""
