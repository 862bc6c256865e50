"""What the field says, pure: no clock, no database, no randomness."""
