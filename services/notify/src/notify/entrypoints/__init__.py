"""HTTP: inbox, notices per unit, reminders to come, preferences."""
