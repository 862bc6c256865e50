"""What registry decides, pure: no database, no clock, no framework."""
