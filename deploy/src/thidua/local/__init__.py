"""The local runner: a whole site on one machine from wheels alone, without root or Docker."""
