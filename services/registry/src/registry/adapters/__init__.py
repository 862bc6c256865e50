"""Registry's tables: what its facts write to them and what is read back."""
